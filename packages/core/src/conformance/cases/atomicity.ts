import type { CheckpointStore } from "../../store/checkpoint-store.ts";
import { equal, ok } from "../assert.ts";
import type { ConformanceCase } from "../case.ts";
import { headOf, newCommit, newExecution, newPending, newSnapshot } from "../fixtures.ts";
import { readWhile, times } from "../race.ts";

/**
 * Cases about the states that a reader may see while a writer writes. They do not prove that a crash leaves nothing
 * half written: a store must test that with its own database.
 */
export const atomicityCases: readonly ConformanceCase[] = [
  {
    id: "atomicity/head-then-records",
    title: "shows a reader every record that the head counts",
    invariant: 1,
    async run({ store, reopen }) {
      const reader = await reopen();
      const write = await fortyCommits(store);
      const read = async () => {
        const { seq, version } = await headOf(reader, "e1");
        const records = await reader.readCheckpoints("e1", { to: seq });
        equal(
          records.map((record) => record.seq),
          times(version + 1, (index) => index),
          "A reader must never see a head before the record that was committed with it: write both in one transaction, script or statement.",
        );
      };
      await readWhile(write, read);
    },
  },
  {
    id: "atomicity/records-then-head",
    title: "shows a reader no record that the head does not count yet",
    invariant: 1,
    async run({ store, reopen }) {
      const reader = await reopen();
      const write = await fortyCommits(store);
      const read = async () => {
        const [newest] = await reader.readCheckpoints("e1", { order: "desc", limit: 1 });
        const { seq } = await headOf(reader, "e1");
        ok(
          newest !== undefined && newest.seq <= seq,
          `A reader must never see a record before its head: record ${newest?.seq} was read while the head was at ${seq}. Write both in one atomic step, or return only records that the head counts.`,
        );
      };
      await readWhile(write, read);
    },
  },
  {
    id: "atomicity/create",
    title: "shows a reader no head without its initial snapshot",
    invariant: 1,
    async run({ store, reopen }) {
      const reader = await reopen();
      await reader.getExecution("e0");
      for (const round of times(12, (index) => index)) {
        const id = `e${round}`;
        const write = async () => {
          await store.createExecution(newExecution(id));
        };
        const read = async () => {
          if ((await reader.getExecution(id)) === undefined) return;
          equal(
            (await reader.readCheckpoints(id)).length,
            1,
            "A reader must never see a head without its initial snapshot.",
          );
        };
        await readWhile(write, read, 1);
      }
    },
  },
  {
    id: "atomicity/drop",
    title: "always shows a reader a snapshot to start from while old records are dropped",
    invariant: 1,
    async run({ store, reopen }) {
      const reader = await reopen();
      const { token } = await store.createExecution(newExecution("e1"));
      const write = async () => {
        for (let version = 0; version < 30; version++) {
          const request = newCommit({ token, version }, { checkpoints: [newSnapshot()], dropBefore: version + 1 });
          await store.commit("e1", request);
        }
      };
      const read = async () => {
        const records = await reader.readCheckpoints("e1");
        equal(
          records.map((record) => record.kind),
          ["snapshot"],
          "A commit must append and drop in one atomic step: a reader must see the old snapshot or the new one, never neither and never both.",
        );
      };
      await readWhile(write, read);
    },
  },
  {
    id: "atomicity/listing",
    title: "lists only heads that a commit has left, never a mixture of two commits",
    invariant: 1,
    async run({ store, reopen }) {
      const reader = await reopen();
      const { token } = await store.createExecution(newPending("e1"));
      const write = async () => {
        for (let version = 0; version < 40; version++) {
          await store.commit("e1", newCommit({ token, version }, { head: { currentStep: version + 1 } }));
        }
      };
      const read = async () => {
        const [head] = (await reader.listExecutions({ status: "pending" })).items;
        equal(
          [head?.seq, head?.checkpointsCount, head?.currentStep],
          [head?.version, head?.version, head?.version],
          "A listed head must be in the state that one commit has left, never a mixture of two.",
        );
      };
      await readWhile(write, read, 1);
    },
  },
];

/** Creates an execution, and returns a function that makes one commit after another to it. */
async function fortyCommits(store: CheckpointStore): Promise<() => Promise<void>> {
  const { token } = await store.createExecution(newExecution("e1"));
  return async () => {
    for (let version = 0; version < 40; version++) await store.commit("e1", newCommit({ token, version }));
  };
}
