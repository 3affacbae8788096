import type { CheckpointKind, ExecutionRecord, NewExecution } from "@waymark/core/store";

/**
 * Separates the components of a part's `_id`. No id contains it, so no part has the `_id` of a head, which is the id.
 */
const SEPARATOR = "\u0000";
const SEQ_DIGITS = 16;
/**
 * The most records in a segment that this version makes.
 *
 * - The version before looks no further than this for the end of a segment.
 */
export const MAX_SEGMENT_RECORDS = 64;
/** The most records in a segment of any version: the version before put tails of any length into one. */
export const MAX_RECORDS_OF_ANY_SEGMENT = 128;

/** The server's time in a pipeline, in milliseconds since the epoch. */
export const NOW = { $toLong: "$$NOW" } as const;

/**
 * The head of an execution, or the mark of a deleted one (without `id` and `createdAt`), which is kept for a while so
 * that its tokens are not used again.
 */
export interface HeadDocument extends Partial<Omit<ExecutionRecord, "failure" | "waiting" | "metadata" | "readAt">> {
  /** The execution's id. */
  _id: string;
  /** The shard key: the same in the head, the entry and every part. */
  executionId: string;
  /** Names one life of an id, from its creation to its deletion. Its parts are keyed by it. */
  incarnation: string;
  /** The newest records, in order. Those before them are in segments. */
  tail?: KeptRecord[];
  token: number;
  firstToken: number;
  bornAt: number;
  initialCheckpointId?: string;
  lastCommitId?: string;
  lastClaimId?: string;
  /** JSON text, because failures may hold U+0000 and lone surrogates. So may the next two. */
  failureJson?: string;
  waitingJson?: string;
  metadataJson?: string;
  /**
   * Of a running execution: a lower bound of `leaseUntil`, by which lapsed leases are found. Commits that renew the
   * lease do not change it, so that they touch no index; readers move it on (see lease-bounds.ts).
   */
  leaseBound?: number;
  /** Of a deleted execution: the call that deleted it. */
  deletedBy?: string;
  /** Of an ended execution: the time from which it counts as gone. */
  expiresAt?: number;
  /** Rises each time that an ended execution's parts are marked for removal or unmarked (see expiry.ts). */
  expiryEpoch?: number;
  /** Of a deleted or an ended execution: the time from which the server may remove this document. */
  forgetAt?: Date;
  /**
   * Of a deleted or an ended execution: the time since which its parts are being marked or removed. Absent when done.
   */
  sweepingSince?: number;
  /** The server's time, if the read asked for it. */
  now?: number;
}

/** The head of an execution that exists. Its fields are not checked: see stored-head.ts. */
export type LiveHead = HeadDocument &
  Omit<ExecutionRecord, "failure" | "waiting" | "metadata" | "readAt"> & {
    tail: KeptRecord[];
  };

/** The fields of a record other than its number and kind. */
export interface RecordContent {
  checkpointId: string;
  nodeId: string;
  nodeName: string;
  /** Absent in records of the version before, where it is 1. */
  visit: number;
  stepNumber: number;
  attempt: number;
  durationMs: number;
  payload: string;
  timestamp: number;
  errorJson?: string;
}

/** One numbered record as the tail and segments keep it: whole, or the `_id` of the part that has the rest. */
export interface KeptRecord extends Partial<RecordContent> {
  seq: number;
  kind: CheckpointKind;
  /** The commit that made it, so that a commit that is sent again is recognized. */
  commitId: string;
  large?: string;
}

/** A part of the history: a run of records, or one large record. */
interface PartDocument {
  _id: string;
  executionId: string;
  /** The token of the commit that made it. */
  token: number;
  forgetAt?: Date;
  expiryEpoch?: number;
}

/**
 * The row of an execution in listings. It is made with the head and never changes, so that commits touch no index of
 * it.
 */
export interface Entry {
  _id: string;
  executionId: string;
  incarnation: string;
  /** Lower than any head's token, so that a change of older owners' parts changes this, too. */
  token: 0;
  id: string;
  /** The head's `createdAt`. */
  listedAt: number;
  /** The time at which this store made it, if that is not `listedAt`: an imported execution. */
  madeAt?: number;
  workflowId: string;
  userId: string;
  parentId?: string;
}

/** Records that have left the tail together. Its `_id` names the last of them and the first. */
export interface Segment extends PartDocument {
  first: number;
  records: KeptRecord[];
}

/** The rest of a record that is too large for the tail. */
export interface LargeRecord extends PartDocument, RecordContent {
  seq: number;
}

/** Returns the `_id` of a part. Within one incarnation they sort by number. */
export function partId(id: string, incarnation: string, ...[seq, rest]: [seq: number, rest: string]): string {
  return [id, incarnation, digits(seq), rest].join(SEPARATOR);
}

/** Returns the `_id` of the segment from record `first` to `last`. */
export function segmentId(id: string, incarnation: string, last: number, first: number): string {
  return partId(id, incarnation, last, digits(first));
}

/** Returns the `_id` of an entry. It sorts before those of parts. */
export function entryId(id: string, incarnation: string): string {
  return [id, incarnation, ""].join(SEPARATOR);
}

/** Selects the entry and the parts of one incarnation. */
export function wholeRange(id: string, incarnation: string) {
  return {
    _id: { $gte: entryId(id, incarnation), $lt: partId(id, incarnation, Number.MAX_SAFE_INTEGER, "") },
    executionId: id,
  };
}

/** Selects the entries and parts of all incarnations of an id. */
export function allRange(id: string) {
  return { _id: { $gte: `${id}${SEPARATOR}`, $lt: `${id}\u0001` }, executionId: id };
}

/** Returns the id and the incarnation in the `_id` of an entry or a part. */
export function namesIn(_id: string): { id: string; incarnation: string } {
  const [id = "", incarnation = ""] = _id.split(SEPARATOR);
  return { id, incarnation };
}

/** Returns whether a value can be an incarnation. */
export function isIncarnation(value: unknown): value is string {
  return typeof value === "string" && /^[0-9a-f-]{36}$/.test(value);
}

/** Selects the parts of one incarnation whose last number is between `from` and `to`, both included. */
export function partRange(id: string, incarnation: string, from = 0, to = Number.MAX_SAFE_INTEGER) {
  return {
    _id: { $gte: partId(id, incarnation, from, ""), $lt: partId(id, incarnation, to + 1, "") },
    executionId: id,
  };
}

function digits(seq: number): string {
  return String(seq).padStart(SEQ_DIGITS, "0");
}

export function newEntry(
  { id, workflowId, userId, parentId, createdAt }: NewExecution,
  { incarnation, now }: { incarnation: string; now: number },
): Entry {
  const _id = entryId(id, incarnation);
  const listedAt = Math.min(createdAt ?? now, now);
  const entry: Entry = { _id, executionId: id, incarnation, token: 0, id, listedAt, workflowId, userId };
  if (listedAt !== now) entry.madeAt = now;
  return parentId === undefined ? entry : { ...entry, parentId };
}

/** Returns the time at which an entry was made. */
export function madeAtOf({ madeAt, listedAt }: Pick<Entry, "madeAt" | "listedAt">): number {
  return madeAt ?? listedAt;
}

/** Returns whether a head is an execution's, and not the mark of a deleted one. */
export function isLive(head: HeadDocument | undefined): head is LiveHead {
  return head !== undefined && head.deletedBy === undefined;
}
