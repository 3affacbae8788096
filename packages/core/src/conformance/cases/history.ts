import type { CheckpointRecord, CheckpointStore } from "../../store/checkpoint-store.ts";
import { equal, ok, rejects } from "../assert.ts";
import type { ConformanceCase } from "../case.ts";
import { everythingOf, headOf, newCheckpoint, newCommit, newExecution, newSnapshot } from "../fixtures.ts";

const LONG_HISTORY = 1_050;

/** Cases about reading an execution's records, and about dropping old ones. */
export const historyCases: readonly ConformanceCase[] = [
  {
    id: "history/order",
    title: "reads records in the order of their numbers, ascending by default",
    invariant: 9,
    async run({ store }) {
      await withHistory(store, 11);
      const up = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];
      const advice = "Order records by number, not by id, text or timestamp: 10 comes after 9.";
      equal(numbers(await store.readCheckpoints("e1")), up, advice);
      equal(numbers(await store.readCheckpoints("e1", { order: "asc" })), up, advice);
      equal(numbers(await store.readCheckpoints("e1", { order: "desc" })), up.toReversed(), advice);
    },
  },
  {
    id: "history/limit",
    title: "reads at most limit records, from the beginning of the requested order",
    invariant: 9,
    async run({ store }) {
      await withHistory(store, 5);
      equal(
        numbers(await store.readCheckpoints("e1", { limit: 2 })),
        [0, 1],
        "In ascending order, limit must count from the oldest record.",
      );
      equal(
        numbers(await store.readCheckpoints("e1", { limit: 2, order: "desc" })),
        [5, 4],
        "In descending order, limit must count from the newest record: the engine reads the newest record this way.",
      );
      equal(
        numbers(await store.readCheckpoints("e1", { from: 1, to: 4, limit: 2, order: "desc" })),
        [4, 3],
        "limit must apply within the range of from and to.",
      );
      equal(await store.readCheckpoints("e1", { limit: 0 }), [], "limit: 0 must read nothing (not everything).");
    },
  },
  {
    id: "history/no-cap",
    title: `reads ${LONG_HISTORY} records in one call`,
    invariant: 9,
    async run({ store }) {
      await withHistory(store, LONG_HISTORY - 1);
      const records = await store.readCheckpoints("e1");
      equal(
        records.length,
        LONG_HISTORY,
        "readCheckpoints without a limit must return every record: if the database or driver has a limit, read in pages.",
      );
      ok(
        records.every((record, index) => record.seq === index),
        "Every record must be returned once, in order.",
      );
    },
  },
  {
    id: "history/drop",
    title: "drops the records before a snapshot, and keeps the other records and all numbers",
    invariant: 12,
    async run({ store }) {
      const { token } = await store.createExecution(newExecution("e1"));
      await store.commit("e1", newCommit({ token, version: 0 }));
      await store.commit("e1", newCommit({ token, version: 1 }, { checkpoints: [newSnapshot({ stepNumber: 2 })] }));
      await store.commit("e1", newCommit({ token, version: 2 }));
      await store.commit("e1", newCommit({ token, version: 3 }, { dropBefore: 2 }));
      equal(
        numbers(await store.readCheckpoints("e1")),
        [2, 3, 4],
        "dropBefore: 2 must drop records 0 and 1, and no others.",
      );
      const { firstSeq, snapshotSeq, seq, checkpointsCount } = await headOf(store, "e1");
      equal(
        { firstSeq, snapshotSeq, seq, checkpointsCount },
        { firstSeq: 2, snapshotSeq: 2, seq: 4, checkpointsCount: 4 },
        "dropBefore must set firstSeq, and must not change seq, snapshotSeq and checkpointsCount (of all ever written).",
      );
      await store.commit("e1", newCommit({ token, version: 4 }, { dropBefore: 2 }));
      equal(
        numbers(await store.readCheckpoints("e1")),
        [2, 3, 4, 5],
        "Dropping again before the same snapshot must drop nothing.",
      );
      equal(
        numbers(await store.readCheckpoints("e1", { from: 0, limit: 1 })),
        [2],
        "from may be the number of a dropped record.",
      );
    },
  },
  {
    id: "history/drop-before-itself",
    title: "drops the records before a snapshot that the same commit appends",
    invariant: 12,
    async run({ store }) {
      const { token } = await store.createExecution(newExecution("e1"));
      await store.commit("e1", newCommit({ token, version: 0 }));
      await store.commit("e1", newCommit({ token, version: 1 }, { checkpoints: [newSnapshot()], dropBefore: 2 }));
      equal(
        numbers(await store.readCheckpoints("e1")),
        [2],
        "dropBefore may be the number of a snapshot of the same commit.",
      );
      const { firstSeq, seq } = await headOf(store, "e1");
      equal({ firstSeq, seq }, { firstSeq: 2, seq: 2 }, "dropBefore must set firstSeq.");
    },
  },
  {
    id: "history/drop-refused",
    title: "refuses a dropBefore that is not the number of a kept snapshot, and writes nothing",
    invariant: 12,
    async run({ store }) {
      const { token } = await store.createExecution(newExecution("e1"));
      await store.commit("e1", newCommit({ token, version: 0 }));
      await store.commit("e1", newCommit({ token, version: 1 }, { checkpoints: [newSnapshot()] }));
      await store.commit(
        "e1",
        newCommit({ token, version: 2 }, { checkpoints: [newCheckpoint({ kind: "save" })], dropBefore: 2 }),
      );
      const before = await everythingOf(store, "e1");
      const cases = {
        0: "already dropped",
        1: "already dropped",
        3: "a save",
        4: "the delta of this commit",
        9: "not written yet",
      };
      for (const [dropBefore, what] of Object.entries(cases)) {
        await rejects(
          () => store.commit("e1", newCommit({ token, version: 3 }, { dropBefore: Number(dropBefore) })),
          "INVALID_ARGUMENT",
          `dropBefore must be the number of a kept snapshot, and record ${dropBefore} is ${what}: without a snapshot the state cannot be read.`,
        );
      }
      equal(
        await everythingOf(store, "e1"),
        before,
        "A commit that is refused because of its dropBefore must write nothing.",
      );
    },
  },
];

/** Creates an execution with this many deltas after the initial snapshot. */
async function withHistory(store: CheckpointStore, deltas: number): Promise<void> {
  const { token } = await store.createExecution(newExecution("e1"));
  for (let version = 0; version < deltas; version++) await store.commit("e1", newCommit({ token, version }));
}

function numbers(records: readonly CheckpointRecord[]): number[] {
  return records.map((record) => record.seq);
}
