import type { CheckpointRecord, NewCheckpoint } from "../../store/checkpoint-store.ts";
import { equal } from "../assert.ts";
import type { ConformanceCase } from "../case.ts";
import { newCheckpoint, newCommit, newExecution, newSnapshot, uniqueId } from "../fixtures.ts";
import { caseId } from "./case-id.ts";
import { RECORDED } from "./samples.ts";

type Field = keyof typeof RECORDED;

const FIELDS = Object.keys(RECORDED) as Field[];

/** One case per field of a record, in an initial snapshot and in commits. */
export const recordFieldCases: readonly ConformanceCase[] = FIELDS.map((field) => ({
  id: caseId("checkpoint", field),
  title: `returns ${field} of a record as it was written, in a snapshot, in a commit alone and with all other fields`,
  invariant: 9,
  async run({ store }) {
    for (const value of RECORDED[field]) {
      const changes = { [field]: value } as Partial<NewCheckpoint>;
      const checkpoints = [newCheckpoint(changes), { ...everything(), ...changes }];
      const id = uniqueId("e");
      const { kind: _kind, ...initial } = changes;
      const { token } = await store.createExecution(newExecution(id, { checkpoint: newSnapshot(initial) }));
      for (const [version, checkpoint] of checkpoints.entries()) {
        const ids = field === "id" ? { id: `${checkpoint.id}${version}` } : {};
        await store.commit(id, newCommit({ token, version }, { checkpoints: [{ ...checkpoint, ...ids }] }));
      }
      const advice = `Records must keep ${field} exactly, fractions and empty texts included: write and read it in every statement about records.`;
      const [first, ...records] = await store.readCheckpoints(id);
      const wanted = field === "id" ? checkpoints.map((_, version) => `${String(value)}${version}`) : [value, value];
      equal(field === "kind" ? "snapshot" : first?.[field], field === "kind" ? "snapshot" : value, advice);
      equal(
        records.map((record) => record[field]),
        wanted,
        advice,
      );
    }
    const { token } = await store.createExecution(newExecution("plain"));
    await store.commit("plain", newCommit({ token, version: 0 }));
    const plain: (CheckpointRecord | undefined)[] = await store.readCheckpoints("plain");
    if (field === "error") equal(plain[1]?.error, undefined, "error must be absent if it was not given.");
  },
}));

/** Returns a record with a value in every field. */
function everything(): NewCheckpoint {
  const { id: _id, ...values } = Object.fromEntries(FIELDS.map((name) => [name, RECORDED[name][0]]));
  return newCheckpoint(values as Partial<NewCheckpoint>);
}
