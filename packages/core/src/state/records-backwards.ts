import type { CheckpointRecord, CheckpointStore, ExecutionRecord } from "../store/checkpoint-store.ts";
import { checkNewest } from "./checked-history.ts";
import { corruptHistory } from "./corrupt.ts";
import { checkIsBehind } from "./read-history.ts";
import type { Surroundings } from "./surroundings.ts";

/** Records in the first portion that is read; each portion is twice the one before, up to the most. */
const FIRST_PORTION = 8;
const MOST_IN_PORTION = 128;

/**
 * Reads the records of a history from the newest to the oldest that is kept.
 *
 * - Checks that none is missing, and that the newest one belongs to the head. Use it inside `readSteadily`.
 *
 * @throws {WorkflowError} STATE_CORRUPT, EXECUTION_NOT_FOUND, STORE_UNAVAILABLE
 */
export async function* newestFirst(
  surroundings: Surroundings,
  head: ExecutionRecord,
): AsyncGenerator<CheckpointRecord, undefined> {
  const [newest, beyond] = await surroundings.store.readCheckpoints(head.id, { from: head.seq, limit: 2 });
  if (newest?.seq !== head.seq) throw corruptHistory(`record ${head.seq} is missing`, { seq: head.seq });
  if (beyond !== undefined) await checkIsBehind(surroundings, head);
  checkNewest(head, newest);
  return yield* recordsBackwards(surroundings.store, head, head.seq);
}

/** Reads the records from a number on down to the oldest that is kept. @throws as {@link newestFirst} */
export async function* recordsBackwards(
  store: Pick<CheckpointStore, "readCheckpoints">,
  { id, firstSeq }: Pick<ExecutionRecord, "id" | "firstSeq">,
  from: number,
): AsyncGenerator<CheckpointRecord, undefined> {
  let portion = FIRST_PORTION;
  for (let to = from; to >= firstSeq; portion = Math.min(2 * portion, MOST_IN_PORTION)) {
    const read = await store.readCheckpoints(id, { from: firstSeq, to, order: "desc", limit: portion });
    if (!Array.isArray(read) || read.length === 0) throw corruptHistory(`record ${to} is missing`, { seq: to });
    for (const record of read) {
      if (record?.seq !== to) throw corruptHistory(`record ${to} is missing`, { seq: to });
      yield record;
      to--;
    }
  }
  return undefined;
}
