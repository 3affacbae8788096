import { isWorkflowError, WorkflowError } from "../errors.ts";
import type { CheckpointRecord, ExecutionRecord } from "../store/checkpoint-store.ts";
import { notFound } from "../store/refusals.ts";
import { keepsChanging } from "../store/store-faults.ts";
import { checkHead, checkRecords } from "./checked-history.ts";
import { corruptHistory } from "./corrupt.ts";
import type { RestoredState } from "./fresh-state.ts";
import { restoreState } from "./restore.ts";
import type { Surroundings } from "./surroundings.ts";

/** Where reading begins: at the newest snapshot, or at the oldest record that is kept. */
export type HistoryStart = "snapshot" | "oldest";

/** A head with its records, checked, and the state that they stand for. */
export interface ReadHistory {
  head: ExecutionRecord;
  records: CheckpointRecord[];
  restored: RestoredState;
}

/** Times that an execution is read again because it was changed under the reader. */
const MAX_REREADS = 10;

/**
 * Reads records and puts the state together; the one way by which stored data comes into the engine.
 *
 * - Returns only what is whole. Damage is told from a change in the meantime by a second look at the head: if it has
 *   moved, everything is read again, and the head that is returned is newer than the one that was given.
 *
 * @throws {WorkflowError} STATE_CORRUPT, STATE_VERSION_UNSUPPORTED, STATE_TYPE_UNKNOWN, EXECUTION_NOT_FOUND,
 *   STORE_UNAVAILABLE
 */
export function readHistory(
  surroundings: Surroundings,
  head: ExecutionRecord,
  start: HistoryStart,
): Promise<ReadHistory> {
  return readSteadily(surroundings, head, (at) => readOnce(surroundings, at, start));
}

/** Reads records of a head, and reads them again if what is wrong with them may be a change in the meantime. */
export async function readSteadily<T>(
  surroundings: Surroundings,
  head: ExecutionRecord,
  read: (head: ExecutionRecord) => Promise<T>,
): Promise<T> {
  for (let at = head, rereads = 0; ; rereads++) {
    try {
      return await read(at);
    } catch (error) {
      if (!isWorkflowError(error) || error.code === "STORE_UNAVAILABLE" || error.code === "STORE_CLOSED") throw error;
      const now = await headNow(surroundings, head.id);
      if (!hasMoved(at, now)) throw ofExecution(error, head.id);
      if (rereads >= MAX_REREADS) throw keepsChanging(head.id);
      at = now;
    }
  }
}

async function readOnce(surroundings: Surroundings, head: ExecutionRecord, start: HistoryStart): Promise<ReadHistory> {
  const { store, codec } = surroundings;
  checkHead(head);
  const from = start === "snapshot" ? head.snapshotSeq : head.firstSeq;
  const records = await store.readCheckpoints(head.id, { from });
  if (!Array.isArray(records) || records.some((record) => typeof record !== "object" || record === null)) {
    throw corruptHistory("the store returned something else than records");
  }
  const beyond = records.findIndex(({ seq }) => seq > head.seq);
  if (beyond !== -1) {
    await checkIsBehind(surroundings, head);
    records.length = beyond;
  }
  checkRecords(head, records, from);
  if (head.firstSeq > 0 && head.firstSeq < from) await checkOldest(surroundings, head);
  return { head, records, restored: restoreState(codec, head.id, records) };
}

/**
 * Checks, if there are records beyond a head, that a writer has appended them since it was read. What comes before them
 * is the head's all the same.
 *
 * @throws {WorkflowError} STATE_CORRUPT
 */
export async function checkIsBehind(surroundings: Surroundings, head: ExecutionRecord): Promise<void> {
  if (!hasMoved(head, await headNow(surroundings, head.id))) throw corruptHistory("the head is behind its records");
}

/** What was dropped was dropped before a snapshot. */
async function checkOldest({ store }: Surroundings, { id, firstSeq }: ExecutionRecord): Promise<void> {
  const [oldest] = await store.readCheckpoints(id, { from: firstSeq, to: firstSeq });
  if (oldest?.kind !== "snapshot") throw corruptHistory(`record ${firstSeq} is no snapshot`, { seq: firstSeq });
}

async function headNow({ store }: Surroundings, id: string): Promise<ExecutionRecord> {
  const head = await store.getExecution(id);
  if (head === undefined) throw notFound(id);
  return head;
}

function hasMoved(before: ExecutionRecord, now: ExecutionRecord): boolean {
  return before.version !== now.version || before.token !== now.token || before.createdAt !== now.createdAt;
}

function ofExecution(error: WorkflowError, executionId: string): WorkflowError {
  if (error.executionId !== undefined) return error;
  return new WorkflowError(error.code, error.message, { executionId, details: error.details, cause: error.cause });
}
