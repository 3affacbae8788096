import { equal, ok } from "../assert.ts";
import type { ConformanceCase } from "../case.ts";
import { everythingOf, headOf, newClaim, newCommit, newExecution } from "../fixtures.ts";
import { times } from "../race.ts";

/** Cases about the data that a second handle finds, and about the declared capabilities. */
export const durabilityCases: readonly ConformanceCase[] = [
  {
    id: "durability/capabilities",
    title: "declares the same capabilities in the harness and on every handle",
    invariant: 5,
    async run({ store, reopen, capabilities }) {
      const { durable, multiProcess, maxPayloadBytes } = store.capabilities;
      ok(
        typeof durable === "boolean" && typeof multiProcess === "boolean",
        "durable and multiProcess must be booleans.",
      );
      ok(
        Number.isSafeInteger(maxPayloadBytes) && maxPayloadBytes > 0,
        "maxPayloadBytes must be a whole number above 0.",
      );
      const declared = { durable, multiProcess, maxPayloadBytes };
      equal(capabilities, declared, "The harness must declare the same capabilities as store.capabilities.");
      const other = (await reopen()).capabilities;
      equal(
        { durable: other.durable, multiProcess: other.multiProcess, maxPayloadBytes: other.maxPayloadBytes },
        declared,
        "Every handle must declare the same capabilities.",
      );
    },
  },
  {
    id: "durability/other-handle",
    title: "shows the writes of one handle to another handle at once",
    invariant: 5,
    async run({ store, reopen }) {
      const other = await reopen();
      const created = await store.createExecution(newExecution("e1", { leaseMs: 0 }));
      equal(await other.getExecution("e1"), created, "Other handles must see a creation once it has resolved.");
      const claimed = await store.claimExecution("e1", newClaim());
      equal(
        await other.getExecution("e1"),
        claimed,
        "Other handles must see a claim once it has resolved: do not cache heads.",
      );
      await store.commit("e1", newCommit(claimed));
      equal(
        await everythingOf(other, "e1"),
        await everythingOf(store, "e1"),
        "Other handles must see a commit once it has resolved.",
      );
      await store.saveDefinition("hash-1", "{}");
      equal(await other.getDefinition("hash-1"), "{}", "Other handles must see a definition once it has been saved.");
      await other.commit("e1", newCommit({ ...claimed, version: 1 }));
      equal((await headOf(store, "e1")).version, 2, "A handle must see the commits of another handle.");
      await store.deleteExecutions([{ id: "e1", version: 2 }]);
      equal(await other.getExecution("e1"), undefined, "Other handles must see a deletion once it has resolved.");
    },
  },
  {
    id: "durability/reopened",
    title: "keeps the writes of resolved calls after every handle was closed",
    invariant: 5,
    requires: ["durable"],
    async run({ reopen }) {
      const first = await reopen();
      const created = await first.createExecution(newExecution("e1"));
      await first.commit("e1", newCommit(created));
      await first.saveDefinition("hash-1", "{}");
      const before = await everythingOf(first, "e1");
      await first.close();
      const second = await reopen();
      equal(
        await everythingOf(second, "e1"),
        before,
        "The writes of resolved calls must be found when the store is opened again.",
      );
      equal(await second.getDefinition("hash-1"), "{}", "Definitions must be found when the store is opened again.");
      await second.commit("e1", newCommit({ ...created, version: 1 }));
    },
  },
  {
    id: "setup/ten-at-once",
    title: "can be opened ten times at once on the same data, and every handle works",
    invariant: 13,
    async run({ store, reopen }) {
      await store.createExecution(newExecution("e1"));
      const before = await everythingOf(store, "e1");
      const handles = await Promise.all(times(10, () => reopen()));
      const seen = await Promise.all(handles.map((handle) => everythingOf(handle, "e1")));
      equal(
        seen,
        times(10, () => before),
        "Setup must be idempotent: opening a store must keep its data.",
      );
      await Promise.all(handles.map((handle, index) => handle.createExecution(newExecution(`from-${index}`))));
      equal((await store.listExecutions()).items.length, 11, "Every handle must work even if ten are opened at once.");
    },
  },
  {
    id: "setup/fresh",
    title: "can set up several empty stores at once",
    invariant: 13,
    async run({ open }) {
      const opened = await Promise.all(times(3, () => open()));
      const created = await Promise.all(opened.map(({ store }) => store.createExecution(newExecution("e1"))));
      equal(
        created.map(({ version }) => version),
        [0, 0, 0],
        "Stores that are set up at once must all work.",
      );
    },
  },
];
