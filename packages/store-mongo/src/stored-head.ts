import {
  type CheckpointRecord,
  damagedExecution,
  type ExecutionRecord,
  MAX_TIME_MS,
  readStoredCheckpoint,
  readStoredHead,
  type StoredHead,
} from "@waymark/core/store";
import { type HeadDocument, isIncarnation, type KeptRecord, type LiveHead, type RecordContent } from "./documents.ts";

/*
 * Makes records of what was found in the database. Documents are edited by hand and restored in part, so no field is
 * trusted to be there or to have its type: whatever uses a head reads it by one of these functions.
 */

type Check = (value: unknown, head: HeadDocument) => boolean;

const isText: Check = (value) => typeof value === "string" && value !== "";
const isCount: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const isTimeIn: Check = (value) => isTime(value);
const isId: Check = (value, { _id }) => value === _id;

/** The fields of a head that only the store uses; a field that may be absent is checked if it is there. */
const OWN: Record<string, { check: Check; isOptional?: true }> = {
  id: { check: isId },
  executionId: { check: isId },
  incarnation: { check: isIncarnation },
  firstToken: { check: isCount },
  bornAt: { check: isTimeIn },
  initialCheckpointId: { check: isText },
  lastCommitId: { check: isText, isOptional: true },
  lastClaimId: { check: isText, isOptional: true },
  expiresAt: { check: isTimeIn, isOptional: true },
  expiryEpoch: { check: isCount, isOptional: true },
};

/** Returns whether a value is a time that a `Date` can hold, in milliseconds since the epoch. */
export function isTime(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= MAX_TIME_MS;
}

/** Reads a head that came without its tail, at the time `now`. Never throws: `unreadable` names what cannot be read. */
export function toRecord(head: HeadDocument): ExecutionRecord {
  const { failureJson: failure, waitingJson: waiting, metadataJson: metadata, now: readAt } = head;
  const record = readStoredHead({ ...head, id: head._id, failure, waiting, metadata, readAt });
  const unreadable = new Set(record.unreadable);
  for (const [name, value] of Object.entries(record)) {
    const found = head[name as keyof HeadDocument];
    // Texts of digits are numbers to core, but not to the queries of this store.
    if (typeof value === "number" && typeof found === "string") unreadable.add(name);
  }
  for (const [name, { check, isOptional }] of Object.entries(OWN)) {
    const value = head[name as keyof HeadDocument];
    if (!(isOptional && value === undefined) && !check(value, head)) unreadable.add(name);
  }
  return unreadable.size === 0 ? record : { ...record, unreadable: [...unreadable] };
}

/** Reads a head that came with its tail. Never throws. */
export function toWholeRecord(head: HeadDocument): ExecutionRecord {
  const record = toRecord(head);
  return isTailOf(record, head.tail) ? record : { ...record, unreadable: [...(record.unreadable ?? []), "tail"] };
}

/**
 * Reads a head that came with its tail, and the ids by which calls that are sent again are recognized. Never throws.
 */
export function toStoredHead(head: HeadDocument): StoredHead {
  const { initialCheckpointId, lastClaimId, lastCommitId } = head;
  return { record: toWholeRecord(head), initialCheckpointId, lastClaimId, lastCommitId };
}

/** Returns whether a tail has the newest records: its last one must be the head's newest. */
function isTailOf({ seq, firstSeq }: ExecutionRecord, tail: unknown): boolean {
  if (!Array.isArray(tail) || tail.length === 0) return false;
  const first = seq - tail.length + 1;
  return first >= firstSeq && tail.every((record: KeptRecord | null, at) => record?.seq === first + at);
}

/** The fields of a head by which its records are found. */
const HISTORY_FIELDS = ["executionId", "incarnation", "seq", "firstSeq", "tail"];

/** Checks that the records of a head can be found. @throws {WorkflowError} STATE_CORRUPT */
export function assertHistoryOf(head: LiveHead): void {
  const unreadable = toWholeRecord(head).unreadable?.filter((name) => HISTORY_FIELDS.includes(name)) ?? [];
  if (unreadable.length > 0) throw damagedExecution(head._id, unreadable);
}

/** Reads a record of the history. @throws {WorkflowError} STATE_CORRUPT */
export function toCheckpoint({ seq, kind }: KeptRecord, content: Partial<RecordContent>): CheckpointRecord {
  return readStoredCheckpoint({ ...content, id: content.checkpointId, seq, kind, error: content.errorJson });
}
