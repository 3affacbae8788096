import { equal, ok, rejects } from "../assert.ts";
import type { ConformanceCase } from "../case.ts";
import { everythingOf, headOf, newClaim, newCommit, newExecution, newHeadCommit, newPending } from "../fixtures.ts";
import { race, times } from "../race.ts";

const RESTING = ["completed", "failed", "cancelled", "suspended"] as const;

/** Cases about executions that have ended or are suspended. */
export const finalityCases: readonly ConformanceCase[] = [
  ...RESTING.map(
    (status): ConformanceCase => ({
      id: `finality/${status}`,
      title: `refuses a commit to a ${status} execution and changes nothing`,
      invariant: 11,
      async run({ store }) {
        const created = await store.createExecution(newExecution("e1"));
        await store.commit("e1", newCommit(created, { head: { status } }));
        const before = await everythingOf(store, "e1");
        await rejects(
          () => store.commit("e1", newCommit({ ...created, version: 1 }, { head: { status: "running" } })),
          "INVALID_STATUS",
          `commit must refuse an execution that is ${status}, even with the right token and version.`,
        );
        equal(
          await everythingOf(store, "e1"),
          before,
          "A commit that rejects with INVALID_STATUS must change nothing.",
        );
      },
    }),
  ),
  {
    id: "finality/from-the-start",
    title: "refuses a commit to an execution that was created ended or suspended, and changes nothing",
    invariant: 11,
    async run({ store }) {
      for (const status of RESTING) {
        const created = await store.createExecution(newPending(`e-${status}`, { status }));
        const before = await everythingOf(store, created.id);
        await rejects(
          () => store.commit(created.id, newCommit(created)),
          "INVALID_STATUS",
          `commit must refuse an execution that was created ${status}, also on the handle that created it.`,
        );
        equal(
          await everythingOf(store, created.id),
          before,
          "A commit that rejects with INVALID_STATUS must change nothing.",
        );
      }
    },
  },
  {
    id: "finality/claim-by-name",
    title: "grants a claim only from a status in its from list",
    invariant: 11,
    async run({ store }) {
      for (const status of RESTING) {
        const created = await store.createExecution(newExecution(`e-${status}`));
        await store.commit(created.id, newHeadCommit(created, { status }));
        const before = await headOf(store, created.id);
        const others = (["pending", "running", ...RESTING] as const).filter((other) => other !== status);
        await rejects(
          () => store.claimExecution(created.id, newClaim({ from: others })),
          "INVALID_STATUS",
          `A claim from ${others.join(", ")} must be refused for an execution that is ${status}.`,
        );
        equal(await headOf(store, created.id), before, "A refused claim must change nothing.");
        const { status: now } = await store.claimExecution(created.id, newClaim({ from: ["running", status] }));
        equal(now, "running", `A claim whose from list contains "${status}" must be granted and set status "running".`);
      }
    },
  },
  {
    id: "finality/forced-claim",
    title: "refuses even a forced claim from a status that is not in its from list",
    invariant: 11,
    async run({ store }) {
      const created = await store.createExecution(newExecution("e1"));
      await store.commit("e1", newHeadCommit(created, { status: "completed" }));
      await rejects(
        () => store.claimExecution("e1", newClaim({ force: true, from: ["pending", "running", "suspended"] })),
        "INVALID_STATUS",
        "force overrides a lease, never a status: a late cancel must not reopen a completed execution.",
      );
    },
  },
  {
    id: "finality/one-ending",
    title: "lets exactly one of two racing ends win",
    invariant: 11,
    async run({ store, reopen }) {
      const other = await reopen();
      for (const round of times(12, (index) => index)) {
        const id = `e${round}`;
        const owned = await store.createExecution(newExecution(id));
        await other.getExecution(id);
        const complete = async () => {
          await store.commit(id, newHeadCommit(owned, { status: "completed" }));
        };
        const cancel = async () => {
          const claimed = await other.claimExecution(id, newClaim({ force: true }));
          await other.commit(id, newHeadCommit(claimed, { status: "cancelled" }));
        };
        const [completed, cancelled] =
          round % 2 === 0 ? await race([complete, cancel]) : (await race([cancel, complete])).reverse();
        const { status } = await headOf(store, id);
        ok(
          completed?.ok !== cancelled?.ok,
          `Exactly one of completing and cancelling must resolve, but completing ${completed?.ok ? "did" : "did not"} and cancelling ${cancelled?.ok ? "did" : "did not"}.`,
        );
        equal(status, completed?.ok ? "completed" : "cancelled", "The status must be that of the end that resolved.");
      }
    },
  },
];
