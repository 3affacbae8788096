import type { CheckpointRecord, ExecutionRecord } from "../store/checkpoint-store.ts";
import { readStoredHead } from "../store/stored-records.ts";
import { MAX_TIME_MS } from "../time.ts";
import { headIsIntact, isSealed } from "./check-seal.ts";
import { corruptHistory } from "./corrupt.ts";
import { isCount } from "./payload.ts";

/*
 * A store keeps what it was given, but people edit rows, restore parts of backups, and disks fill up. Before anything
 * is built on a history, it must be whole: otherwise a node that has completed runs again, or one that has not is taken
 * as done. This file checks the head and what stands around the payloads; restore.ts, the payloads and the checksums.
 */

const COUNTERS = [
  "version",
  "token",
  "seq",
  "snapshotSeq",
  "firstSeq",
  "checkpointsCount",
  "currentStep",
  "totalSteps",
] as const satisfies readonly (keyof ExecutionRecord)[];

/**
 * Checks a head by itself: every field can be read, and its counters are numbers that the next commit can use.
 *
 * @throws {WorkflowError} STATE_CORRUPT
 */
export function checkHead(head: ExecutionRecord): void {
  const unreadable = head.unreadable ?? readStoredHead(head).unreadable ?? [];
  if (unreadable.length > 0) throw corruptHead(`its ${unreadable.join(", ")} cannot be read`, { unreadable }, head.id);
  for (const name of COUNTERS) {
    if (!isCount(head[name])) throw corruptHead(`its ${name} is out of range`, { field: name }, head.id);
  }
  const { firstSeq, snapshotSeq, seq, checkpointsCount } = head;
  if (firstSeq > snapshotSeq || snapshotSeq > seq || checkpointsCount > seq) {
    const details = { firstSeq, snapshotSeq, seq, checkpointsCount };
    throw corruptHead("its numbers contradict each other", details, head.id);
  }
}

/**
 * Checks that records, the head's own and no others, are whole from a number on: none is missing, changed or added.
 *
 * @throws {WorkflowError} STATE_CORRUPT, naming the record
 */
export function checkRecords(head: ExecutionRecord, records: readonly CheckpointRecord[], from: number): void {
  const { next, listed, snapshotSeq } = checkSequence(records, from);
  if (next <= head.seq) throw corruptHistory(`record ${next} is missing`, { seq: next });
  if (next > head.seq + 1) throw corruptHead("it is behind its records", { seq: head.seq, newest: next - 1 });
  if (records[0]?.kind !== "snapshot") throw corruptHistory(`record ${from} is no snapshot`, { seq: from });
  if (snapshotSeq !== head.snapshotSeq) {
    throw corruptHead("it names another snapshot than the newest", { snapshotSeq: head.snapshotSeq });
  }
  // Records that were dropped count too; how many of them did nobody knows.
  if (from === 0 ? listed !== head.checkpointsCount : listed > head.checkpointsCount) {
    throw corruptHead("it counts other checkpoints than there are", { checkpointsCount: head.checkpointsCount });
  }
  const newest = records.at(-1);
  if (newest !== undefined) checkNewest(head, newest);
}

/** Checks that a head is as it was when its newest record was written. @throws {WorkflowError} STATE_CORRUPT */
export function checkNewest(head: ExecutionRecord, { id }: CheckpointRecord): void {
  if (isSealed(id) && !headIsIntact(id, head)) {
    throw corruptHead("its counters or its definition were changed since its newest record was written", {});
  }
}

/**
 * Checks that records, from a number on, have no gap between them and are each of a known shape.
 *
 * @throws {WorkflowError} STATE_CORRUPT, naming the record
 */
export function checkSequence(
  records: readonly CheckpointRecord[],
  from: number,
): { next: number; listed: number; snapshotSeq: number } {
  let next = from;
  let listed = 0;
  let snapshotSeq = from;
  for (const record of records) {
    if (record.seq !== next) throw corruptHistory(`record ${next} is missing`, { seq: next });
    checkRecord(record);
    if (record.kind === "snapshot") snapshotSeq = next;
    if (record.kind !== "save" && next > 0) listed++;
    next++;
  }
  return { next, listed, snapshotSeq };
}

/** The kinds, and whether a record of theirs names a node and has an error. */
const KINDS: Readonly<Record<string, { node: boolean; error: boolean } | undefined>> = {
  snapshot: { node: true, error: false },
  delta: { node: true, error: false },
  error: { node: true, error: true },
  save: { node: false, error: false },
};

function checkRecord(record: CheckpointRecord): void {
  const { seq, kind, nodeId, nodeName, visit, stepNumber, attempt, durationMs, timestamp, payload } = record;
  const error = record.error ?? undefined;
  const shape = Object.hasOwn(KINDS, kind) ? KINDS[kind] : undefined;
  if (shape === undefined) throw corruptHistory(`record ${seq} is of an unknown kind`, { seq });
  const hasNode = shape.node && seq > 0;
  const isWellFormed =
    typeof nodeId === "string" &&
    (nodeId !== "") === hasNode &&
    typeof nodeName === "string" &&
    (error !== undefined) === shape.error &&
    (error === undefined || (typeof error.code === "string" && typeof error.message === "string")) &&
    typeof payload === "string" &&
    isCount(visit) &&
    visit > 0 &&
    isCount(stepNumber) &&
    isCount(attempt) &&
    typeof durationMs === "number" &&
    typeof timestamp === "number" &&
    timestamp >= 0 &&
    timestamp <= MAX_TIME_MS;
  if (!isWellFormed) throw corruptHistory(`the fields of record ${seq} do not belong to its kind`, { seq });
}

function corruptHead(problem: string, details: Readonly<Record<string, unknown>>, executionId?: string) {
  return corruptHistory(`the head of the execution: ${problem}`, details, executionId);
}
