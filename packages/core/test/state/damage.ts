import type { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import type { CheckpointRecord, CheckpointStore, ExecutionRecord } from "../../src/index.ts";

/** What became of the stored data: changes what a store reads. */
export interface Damage {
  head?: (head: ExecutionRecord) => ExecutionRecord;
  records?: (records: CheckpointRecord[]) => CheckpointRecord[];
}

/** Records as they were written before they had checksums. */
export function withoutChecksums(records: readonly CheckpointRecord[]): CheckpointRecord[] {
  return records.map((record) => ({ ...record, id: record.id.slice(0, 36) }));
}

/** The same data, read through a damage. Notes what is written. */
export function damaged(
  store: MemoryCheckpointStore,
  { head = (each) => each, records = (each) => each }: Damage,
): { store: CheckpointStore; writes: string[] } {
  const writes: string[] = [];
  const reading = store.reopen();
  const whole = store.reopen();
  reading.getExecution = async (id) => {
    const found = await whole.getExecution(id);
    return found === undefined ? undefined : head(found);
  };
  reading.readCheckpoints = async (id, { from = 0, to = Number.POSITIVE_INFINITY } = {}) =>
    records(await whole.readCheckpoints(id)).filter(({ seq }) => !(seq < from || seq > to));
  reading.claimExecution = async (id, request) => {
    const claimed = await whole.claimExecution(id, request);
    writes.push("claim");
    return head(claimed);
  };
  reading.commit = async (id, request) => {
    writes.push("commit");
    return whole.commit(id, request);
  };
  return { store: reading, writes };
}
