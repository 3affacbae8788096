import { WorkflowError } from "../errors.ts";
import type { CheckpointRecord, ExecutionRecord } from "../store/checkpoint-store.ts";
import { checkHead, checkSequence } from "./checked-history.ts";
import { corruptHistory } from "./corrupt.ts";
import { type Checkpoint, History, isListed } from "./history.ts";
import { readSteadily } from "./read-history.ts";
import { restoreState } from "./restore.ts";
import type { Surroundings } from "./surroundings.ts";

/*
 * A context is put together from the snapshot before it. So a page names, beside the number that it begins at, the
 * snapshot to read from; it is in the cursor, and nobody has to search for it.
 */

/** A page of checkpoints that is asked for. */
export interface PageQuery {
  limit: number;
  cursor?: string;
}

/** A page of checkpoints, oldest first. */
export interface HistoryPage {
  checkpoints: Checkpoint<unknown>[];
  /** Absent on the last page. */
  nextCursor?: string;
}

/** A place in a history, with the records from the snapshot before it that were read already. */
export interface HeldRecords {
  /** The number of the first record that is wanted. */
  seq: number;
  /** The number of a snapshot that is not after it: of the newest, if it was known. */
  snapshotSeq: number;
  /** The records from the snapshot on, without a gap. */
  records: readonly CheckpointRecord[];
}

/** A part of a history, with the head that it was read by. */
export interface ReadPage {
  head: ExecutionRecord;
  checkpoints: Checkpoint<unknown>[];
  /** The place after the page. */
  next: HeldRecords;
  /** True if the head names no checkpoint after the page. */
  isLast: boolean;
}

/** The place of a number that is the oldest kept, or after the newest snapshot. */
export function startOf({ firstSeq, snapshotSeq }: ExecutionRecord, seq: number): HeldRecords {
  return { seq, snapshotSeq: seq === firstSeq ? firstSeq : snapshotSeq, records: [] };
}

/** Reads the page that a cursor names. @throws {WorkflowError} INVALID_ARGUMENT, and as {@link readPage} */
export async function pageOf(
  surroundings: Surroundings,
  head: ExecutionRecord,
  { limit, cursor }: PageQuery,
): Promise<HistoryPage> {
  const at = cursor === undefined ? startOf(head, head.firstSeq) : decodeCursor(cursor);
  if (at.seq > head.seq) throw notACursor();
  const request = { place: at, limit, ...(cursor !== undefined && { noSnapshot: notACursor }) };
  const { checkpoints, next, isLast } = await readPage(surroundings, head, request);
  return isLast ? { checkpoints } : { checkpoints, nextCursor: encodeCursor(next) };
}

/** What is read of a history. */
export interface PageRequest {
  place: HeldRecords;
  /** The most checkpoints. */
  limit: number;
  /** The error if no snapshot stands where the place says. Default: the history is damaged. */
  noSnapshot?: () => WorkflowError;
}

/**
 * Reads up to `limit` checkpoints from a place on, checks them, and returns the place after them.
 *
 * - Reads the records from the place's snapshot on, except those that are held, and one checkpoint after the page.
 *
 * @throws {WorkflowError} STATE_CORRUPT, STATE_VERSION_UNSUPPORTED, STATE_TYPE_UNKNOWN, EXECUTION_NOT_FOUND,
 *   STORE_UNAVAILABLE, and what `noSnapshot` makes
 */
export function readPage(
  surroundings: Surroundings,
  head: ExecutionRecord,
  { place, limit, noSnapshot = () => corruptHistory(`record ${place.snapshotSeq} is no snapshot`) }: PageRequest,
): Promise<ReadPage> {
  return readSteadily(surroundings, head, async (now) => {
    checkHead(now);
    // Older records may have been dropped since; what is kept begins with a snapshot.
    const isDropped = place.snapshotSeq < now.firstSeq;
    const { firstSeq } = now;
    const at = isDropped ? { seq: Math.max(place.seq, firstSeq), snapshotSeq: firstSeq, records: [] } : place;
    const { records, isLast } = await readRecords(surroundings, now, at, limit);
    if (records[0]?.kind !== "snapshot") throw noSnapshot();
    checkSequence(records, at.snapshotSeq);
    restoreState(surroundings.codec, now.id, records);
    const checkpoints = new History<unknown>(surroundings.codec, records).checkpointsFrom(at.seq);
    return { head: now, checkpoints, isLast, next: placeAfter(records) };
  });
}

/** The records from the place's snapshot to the end of the page. */
async function readRecords(
  { store }: Surroundings,
  head: ExecutionRecord,
  { seq, snapshotSeq, records: held }: HeldRecords,
  limit: number,
): Promise<{ records: CheckpointRecord[]; isLast: boolean }> {
  const records = held.length > 0 && held[0]?.seq === snapshotSeq ? [...held] : [];
  let listed = 0;
  for (let from = snapshotSeq + records.length; from <= head.seq; ) {
    const wanted = Math.max(0, seq - from) + limit + 1 - listed;
    const read = await store.readCheckpoints(head.id, { from, to: head.seq, limit: wanted });
    if (!Array.isArray(read) || read.length === 0) throw corruptHistory(`record ${from} is missing`, { seq: from });
    for (const record of read) {
      const isWanted = isListed(record) && record.seq >= seq;
      if (isWanted && listed === limit) return { records, isLast: false };
      records.push(record);
      if (isWanted) listed++;
    }
    from += read.length;
  }
  return { records, isLast: true };
}

/** The place after records that begin with a snapshot. */
function placeAfter(records: readonly CheckpointRecord[]): HeldRecords {
  const seq = (records.at(-1) as CheckpointRecord).seq + 1;
  const held = records.slice(records.findLastIndex(({ kind }) => kind === "snapshot"));
  return { seq, snapshotSeq: (held[0] as CheckpointRecord).seq, records: held };
}

function encodeCursor({ seq, snapshotSeq }: HeldRecords): string {
  return Buffer.from(JSON.stringify([seq, snapshotSeq])).toString("base64url");
}

function decodeCursor(cursor: string): HeldRecords {
  try {
    const [seq, snapshotSeq] = JSON.parse(Buffer.from(cursor, "base64url").toString()) as unknown[];
    const isPlace = Number.isSafeInteger(seq) && Number.isSafeInteger(snapshotSeq);
    if (isPlace && (snapshotSeq as number) >= 0 && (seq as number) >= (snapshotSeq as number)) {
      return { seq: seq as number, snapshotSeq: snapshotSeq as number, records: [] };
    }
  } catch {
    // Reported below.
  }
  throw notACursor();
}

function notACursor(): WorkflowError {
  return new WorkflowError(
    "INVALID_ARGUMENT",
    "checkpoints: cursor: must be the next cursor of a page of this execution.",
  );
}
