import { equal, ok } from "../assert.ts";
import type { ConformanceCase } from "../case.ts";
import {
  everythingOf,
  headOf,
  newCheckpoint,
  newClaim,
  newCommit,
  newExecution,
  newPending,
  newSnapshot,
} from "../fixtures.ts";
import { HOSTILE_IDS } from "../hostile.ts";

/** Cases about the isolation of executions from each other, and of records from the caller's objects. */
export const isolationCases: readonly ConformanceCase[] = [
  {
    id: "isolation/harness",
    title: "is opened empty, and shares no data with other opened stores",
    invariant: 8,
    async run({ store, open }) {
      equal((await store.listExecutions()).items, [], "The harness's open() must return an empty store.");
      await store.createExecution(newExecution("e1"));
      await store.saveDefinition("hash-1", "{}");
      const other = (await open()).store;
      equal(
        [await other.getExecution("e1"), await other.getDefinition("hash-1"), (await other.listExecutions()).items],
        [undefined, undefined, []],
        "Two stores from the harness's open() must not share data: use a new schema, prefix or file for each call.",
      );
    },
  },
  {
    id: "isolation/hostile-ids",
    title: "keeps executions apart even if their ids contain special characters",
    invariant: 8,
    async run({ store }) {
      await Promise.all(
        HOSTILE_IDS.map(async (id) => {
          const created = await store.createExecution(
            newExecution(id, { checkpoint: newSnapshot({ payload: `"0 ${id}"` }) }),
          );
          await store.commit(id, newCommit(created, { checkpoints: [newCheckpoint({ payload: `"1 ${id}"` })] }));
        }),
      );
      const check = async (ids: readonly string[], version: number) => {
        for (const id of ids) {
          const head = await headOf(store, id);
          equal([head.id, head.version], [id, version], `The id ${JSON.stringify(id)} must have a head of its own.`);
          const payloads = (await store.readCheckpoints(id)).map((record) => record.payload);
          equal(
            payloads,
            [`"0 ${id}"`, `"1 ${id}"`],
            `The id ${JSON.stringify(id)} must have a history of its own: escape ids in keys and patterns, bind them in queries, compare them by bytes.`,
          );
        }
      };
      await check(HOSTILE_IDS, 1);
      const deleted = HOSTILE_IDS.filter((_, index) => index % 2 === 0);
      const kept = HOSTILE_IDS.filter((_, index) => index % 2 === 1);
      equal(
        await store.deleteExecutions(deleted.map((id) => ({ id, version: 1 }))),
        deleted.length,
        "Deleting executions by ids with special characters must delete no others.",
      );
      await check(kept, 1);
      for (const id of deleted)
        equal(await store.getExecution(id), undefined, `The execution ${JSON.stringify(id)} must be deleted.`);
    },
  },
  {
    id: "isolation/hostile-filters",
    title: "filters a listing by the exact workflow, user or parent id",
    invariant: 8,
    async run({ store }) {
      await Promise.all(
        HOSTILE_IDS.map((name, index) =>
          store.createExecution(newPending(`e${index}`, { workflowId: name, userId: name, parentId: name })),
        ),
      );
      for (const [index, name] of HOSTILE_IDS.entries()) {
        for (const filter of [{ workflowId: name }, { userId: name }, { parentId: name }]) {
          const { items } = await store.listExecutions(filter);
          equal(
            items.map(({ id }) => id),
            [`e${index}`],
            `${JSON.stringify(filter)} must match exactly this text: no patterns, no trimming, no folding of case or accents.`,
          );
        }
      }
    },
  },
  {
    id: "isolation/hostile-names",
    title: "keeps owners, nodes and hashes with special characters unchanged",
    invariant: 8,
    async run({ store }) {
      const { version, token: first } = await store.createExecution(newExecution("e1", { leaseMs: 0 }));
      let token = first;
      for (const [index, name] of HOSTILE_IDS.entries()) {
        const claimed = await store.claimExecution("e1", newClaim({ owner: name, leaseMs: 0, claimId: name }));
        equal(claimed.owner, name, "The owner must be kept unchanged.");
        ok(claimed.token > token, "Similar claimIds must be treated as different: compare them exactly.");
        token = claimed.token;
        const checkpoint = newCheckpoint({ nodeId: name, nodeName: name, id: `${index}` });
        await store.commit(
          "e1",
          newCommit({ token, version: version + index }, { checkpoints: [checkpoint], commitId: name }),
        );
        await store.saveDefinition(name, JSON.stringify(name));
      }
      const [_initial, ...records] = await store.readCheckpoints("e1");
      equal(
        records.map(({ nodeId, nodeName }) => [nodeId, nodeName]),
        HOSTILE_IDS.map((name) => [name, name]),
        "nodeId and nodeName must be kept unchanged, and similar commitIds must be treated as different.",
      );
      for (const name of HOSTILE_IDS) {
        equal(await store.getDefinition(name), JSON.stringify(name), "Definitions must be kept apart by their hash.");
      }
    },
  },
  {
    id: "isolation/returned-copies",
    title: "returns copies: changing a returned object changes no stored data",
    invariant: 8,
    async run({ store }) {
      const failure = { code: "NODE_FAILED", message: "boom" };
      const created = await store.createExecution(
        newExecution("e1", { failure, checkpoint: newSnapshot({ error: { ...failure } }) }),
      );
      // A copy, because a wrong store may return the object that it keeps.
      const before: unknown = JSON.parse(JSON.stringify(await everythingOf(store, "e1")));
      const { items } = await store.listExecutions();
      const [record] = await store.readCheckpoints("e1");
      for (const head of [created, await headOf(store, "e1"), items[0]]) {
        if (head === undefined) continue;
        head.currentStep = 99;
        if (head.failure) head.failure.message = "changed";
      }
      if (record !== undefined) {
        record.payload = "changed";
        if (record.error) record.error.message = "changed";
      }
      equal(
        await everythingOf(store, "e1"),
        before,
        "Return a copy from every call, including nested objects such as failure and error.",
      );
    },
  },
  {
    id: "isolation/given-copies",
    title: "keeps copies: changing an argument after the call changes no stored data",
    invariant: 8,
    async run({ store }) {
      const execution = newExecution("e1", { checkpoint: newSnapshot({ error: { code: "X", message: "x" } }) });
      const created = await store.createExecution(execution);
      const request = newCommit(created, {
        checkpoints: [newCheckpoint({ error: { code: "X", message: "x" } })],
        head: { failure: { code: "X", message: "x" } },
      });
      await store.commit("e1", request);
      const before: unknown = JSON.parse(JSON.stringify(await everythingOf(store, "e1")));
      execution.userId = "changed";
      for (const checkpoint of [execution.checkpoint, ...(request.checkpoints ?? [])]) {
        checkpoint.payload = "changed";
        if (checkpoint.error) checkpoint.error.message = "changed";
      }
      if (request.head?.failure) request.head.failure.message = "changed";
      equal(
        await everythingOf(store, "e1"),
        before,
        "Keep a copy of every argument, including nested objects such as failure and error.",
      );
    },
  },
];
