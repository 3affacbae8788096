import type { CheckpointKind, NewCheckpoint } from "../../store/checkpoint-store.ts";
import { equal, ok, rejects } from "../assert.ts";
import type { ConformanceCase } from "../case.ts";
import { everythingOf, headOf, newCheckpoint, newCommit, newExecution } from "../fixtures.ts";
import { race, readWhile, times } from "../race.ts";

const NOTHING = "A refused commit must write nothing, not even the checkpoints before the wrong one.";

/** Cases about several checkpoints in one commit. */
export const batchCases: readonly ConformanceCase[] = [
  {
    id: "batches/numbered",
    title: "numbers up to 100 checkpoints of one commit in their order, and raises the version by one",
    invariant: 2,
    async run({ store }) {
      const { token } = await store.createExecution(newExecution("e1"));
      const wanted: [seq: number, kind: CheckpointKind, payload: string, visit: number][] = [];
      let seq = 0;
      let [snapshotSeq, checkpointsCount] = [0, 0];
      for (const [version, count] of [2, 0, 100, 1, 3].entries()) {
        const checkpoints = times(count, (index) => mixed(index + version));
        for (const { kind, payload, visit } of checkpoints) {
          seq += 1;
          wanted.push([seq, kind, payload, visit]);
          if (kind === "snapshot") snapshotSeq = seq;
          if (kind !== "save") checkpointsCount += 1;
        }
        await store.commit("e1", newCommit({ token, version }, { checkpoints, head: { currentStep: version } }));
        const head = await headOf(store, "e1");
        equal(
          pick(head, ["version", "seq", "snapshotSeq", "checkpointsCount", "currentStep", "firstSeq"]),
          { version: version + 1, seq, snapshotSeq, checkpointsCount, currentStep: version, firstSeq: 0 },
          `After a commit of ${count} checkpoints the head must count all of them: in seq, in snapshotSeq and, except saves, in checkpointsCount.`,
        );
      }
      const [, ...records] = await store.readCheckpoints("e1");
      equal(
        records.map((record) => [record.seq, record.kind, record.payload, record.visit]),
        wanted,
        "The checkpoints of one commit must be numbered in their order, without gaps.",
      );
    },
  },
  {
    id: "batches/too-many",
    title: "refuses 101 checkpoints in one commit, and writes nothing",
    invariant: 14,
    async run({ store }) {
      const created = await store.createExecution(newExecution("e1"));
      const before = await everythingOf(store, "e1");
      const checkpoints = times(101, () => newCheckpoint());
      const advice = "A commit must be refused if it has more than 100 checkpoints.";
      await rejects(() => store.commit("e1", newCommit(created, { checkpoints })), "INVALID_ARGUMENT", advice);
      equal(await everythingOf(store, "e1"), before, NOTHING);
    },
  },
  {
    id: "batches/one-wrong",
    title: "writes none of several checkpoints if one of them is refused",
    invariant: 1,
    async run({ store }) {
      const created = await store.createExecution(newExecution("e1"));
      const before = await everythingOf(store, "e1");
      for (const wrong of [{ kind: "other" }, { visit: -1 }, { payload: 1 }, { nodeName: "a\0b" }, { another: 1 }]) {
        for (const place of [0, 1, 2]) {
          const checkpoints = [newCheckpoint(), newCheckpoint(), newCheckpoint()];
          checkpoints[place] = { ...newCheckpoint(), ...wrong } as NewCheckpoint;
          await rejects(
            () => store.commit("e1", newCommit(created, { checkpoints })),
            "INVALID_ARGUMENT",
            `A checkpoint with ${JSON.stringify(wrong)} must be refused at any place in the list.`,
          );
        }
      }
      equal(await everythingOf(store, "e1"), before, NOTHING);
    },
  },
  {
    id: "batches/too-large",
    title: "writes none of several checkpoints if the last one's payload is too large",
    invariant: 1,
    requires: ["payload-limit"],
    async run({ store, capabilities }) {
      const created = await store.createExecution(newExecution("e1"));
      const before = await everythingOf(store, "e1");
      const large = newCheckpoint({ payload: "x".repeat(capabilities.maxPayloadBytes + 1) });
      await rejects(
        () => store.commit("e1", newCommit(created, { checkpoints: [newCheckpoint(), newCheckpoint(), large] })),
        "PAYLOAD_TOO_LARGE",
        "Check the payload of every checkpoint before the first one is written.",
      );
      equal(await everythingOf(store, "e1"), before, NOTHING);
    },
  },
  {
    id: "batches/drop",
    title: "drops the records before a snapshot that is one of several new checkpoints",
    invariant: 12,
    async run({ store }) {
      const kinds: CheckpointKind[] = ["delta", "snapshot", "delta", "snapshot", "save"];
      for (const dropBefore of [3, 5]) {
        const id = `e${dropBefore}`;
        const { token } = await store.createExecution(newExecution(id));
        await store.commit(id, newCommit({ token, version: 0 }));
        const checkpoints = kinds.map((kind) => newCheckpoint({ kind }));
        await store.commit(id, newCommit({ token, version: 1 }, { checkpoints, dropBefore }));
        equal(
          pick(await headOf(store, id), ["seq", "snapshotSeq", "firstSeq", "checkpointsCount", "version"]),
          { seq: 6, snapshotSeq: 5, firstSeq: dropBefore, checkpointsCount: 5, version: 2 },
          "firstSeq must become dropBefore, even if that snapshot is part of the same commit.",
        );
        equal(
          (await store.readCheckpoints(id)).map(({ seq }) => seq),
          times(7 - dropBefore, (index) => dropBefore + index),
          "Records before dropBefore must be removed, also those of the same commit. The others must stay.",
        );
      }
    },
  },
  {
    id: "batches/drop-refused",
    title: "refuses a dropBefore that names a new checkpoint other than a snapshot",
    invariant: 12,
    async run({ store }) {
      const created = await store.createExecution(newExecution("e1"));
      const before = await everythingOf(store, "e1");
      const checkpoints = [newCheckpoint(), newCheckpoint({ kind: "snapshot" }), newCheckpoint({ kind: "save" })];
      for (const dropBefore of [1, 3, 4]) {
        await rejects(
          () => store.commit("e1", newCommit(created, { checkpoints, dropBefore })),
          "INVALID_ARGUMENT",
          `dropBefore must be the number of a snapshot, and record ${dropBefore} is not one, although the commit also has snapshots.`,
        );
        equal(await everythingOf(store, "e1"), before, NOTHING);
      }
    },
  },
  {
    id: "batches/again",
    title: "resolves a repeated commit of several checkpoints, with no second effect",
    invariant: 6,
    async run({ store, reopen }) {
      const created = await store.createExecution(newExecution("e1"));
      const checkpoints = [newCheckpoint({ kind: "snapshot" }), newCheckpoint(), newCheckpoint({ kind: "save" })];
      const request = newCommit(created, { checkpoints, head: { status: "suspended" }, dropBefore: 1 });
      await store.commit("e1", request);
      const before = await everythingOf(store, "e1");
      for (const handle of [store, await reopen()]) {
        await handle.commit("e1", request);
        equal(await everythingOf(store, "e1"), before, "A repeated commit must change nothing.");
      }
    },
  },
  {
    id: "batches/racing",
    title: "keeps the checkpoints of racing commits apart: one commit writes all of its own, the others none",
    invariant: 2,
    async run({ store, reopen }) {
      const handles = [store, await reopen()] as const;
      for (const round of times(8, (index) => index)) {
        const id = `e${round}`;
        const created = await store.createExecution(newExecution(id));
        const commitOf = (writer: number) => {
          const checkpoints = times(7 + writer, (index) =>
            newCheckpoint({ payload: `writer-${writer}`, visit: index }),
          );
          return () => handles[writer % 2 ? 1 : 0].commit(id, newCommit(created, { checkpoints }));
        };
        const outcomes = await race(times(4, (index) => commitOf((index + round) % 4)));
        const winners = outcomes.flatMap((result, index) => (result.ok ? [(index + round) % 4] : []));
        equal(winners.length, 1, "Exactly one of several racing commits on one version must resolve.");
        for (const result of outcomes) {
          if (!result.ok)
            equal(result.code, "VERSION_CONFLICT", "A commit that loses a race must reject with VERSION_CONFLICT.");
        }
        const winner = winners[0] ?? 0;
        const [, ...records] = await store.readCheckpoints(id);
        equal(
          records.map(({ seq, payload, visit }) => [seq, payload, visit]),
          times(7 + winner, (index) => [index + 1, `writer-${winner}`, index]),
          "All checkpoints of the winner must be kept, in their order, and none of any other commit.",
        );
        equal((await headOf(store, id)).seq, 7 + winner, "seq must count the winner's checkpoints.");
      }
    },
  },
  {
    id: "batches/seen-whole",
    title: "shows a reader all checkpoints of one commit or none",
    invariant: 1,
    async run({ store, reopen }) {
      const other = await reopen();
      const { token } = await store.createExecution(newExecution("e1"));
      const write = async () => {
        for (let version = 0; version < 12; version++) {
          await store.commit("e1", newCommit({ token, version }, { checkpoints: times(10, () => newCheckpoint()) }));
        }
      };
      const read = async () => {
        const before = await headOf(other, "e1");
        const records = (await other.readCheckpoints("e1")).length - 1;
        ok(
          records % 10 === 0 && records >= before.seq && before.seq % 10 === 0,
          `A reader must never see part of a commit: it saw ${records} records after a head with seq ${before.seq}, although each commit writes 10.`,
        );
      };
      await readWhile(write, read);
    },
  },
];

function mixed(index: number): NewCheckpoint {
  const kind = (["delta", "save", "snapshot", "error", "delta", "delta", "save"] as const)[index % 7] ?? "delta";
  const error = { code: "X", message: "x" };
  return newCheckpoint({ kind, payload: `${index}`, visit: index + 1, ...(kind === "error" && { error }) });
}

function pick<T extends object, Name extends keyof T>(value: T, names: readonly Name[]): Pick<T, Name> {
  return Object.fromEntries(names.map((name) => [name, value[name]])) as Pick<T, Name>;
}
