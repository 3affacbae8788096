import {
  type CheckpointRecord,
  damagedExecution,
  type HistoryRange,
  keepsChanging,
  selectedNumbers,
} from "@waymark/core/store";
import type { Call } from "./call.ts";
import {
  type KeptRecord,
  type LargeRecord,
  type LiveHead,
  MAX_RECORDS_OF_ANY_SEGMENT,
  partRange,
  type Segment,
} from "./documents.ts";
import { isPresent } from "./expiry.ts";
import { History, recordsOf } from "./history.ts";
import { readHead } from "./read-head.ts";
import { assertHistoryOf, toCheckpoint } from "./stored-head.ts";

/** The most reads of a history from which others drop records meanwhile. */
const MAX_LOOKS = 20;

/**
 * Reads the records that the head covers: every one in the range, or none of those of an older head.
 *
 * - Returns `undefined` if there is no such execution.
 *
 * @throws {WorkflowError} STATE_CORRUPT, STORE_UNAVAILABLE
 */
export async function readRecords(
  call: Call,
  collection: string,
  id: string,
  range: HistoryRange,
): Promise<CheckpointRecord[] | undefined> {
  let before: LiveHead | undefined;
  for (let looks = 1; looks <= MAX_LOOKS; looks++) {
    const head = await readHead(call, collection, id);
    if (!isPresent(head)) return undefined;
    assertHistoryOf(head);
    // If a commit has dropped them or the execution was deleted, the head has changed. If it has not, they are lost.
    if (before !== undefined && isSameState(before, head)) throw damagedExecution(id);
    const { first, last } = selectedNumbers(head, range);
    if (first > last) return [];
    const records = await recordsBetween(call, collection, head, { first, last });
    before = head;
    if (records === undefined) continue;
    return range.order === "asc" ? records : records.reverse();
  }
  throw keepsChanging(id);
}

function isSameState(a: LiveHead, b: LiveHead): boolean {
  return a.incarnation === b.incarnation && a.token === b.token && a.version === b.version;
}

/** Reads the records from one number to another, in order. Returns `undefined` if one of them is gone. */
async function recordsBetween(
  call: Call,
  collection: string,
  head: LiveHead,
  { first, last }: { first: number; last: number },
): Promise<CheckpointRecord[] | undefined> {
  const inTail = new History(head.tail, []);
  // A segment that holds the last of them may end later.
  const range = partRange(head.id, head.incarnation, first, last + MAX_RECORDS_OF_ANY_SEGMENT);
  const begins = { $or: [{ first: { $lte: last } }, { seq: { $lte: last } }] };
  const history = inTail.hasAll(first, last)
    ? inTail
    : new History(head.tail, await call.find<Segment | LargeRecord>(collection, { ...range, ...begins }));
  if (!history.hasAll(first, last)) return undefined;
  return Array.from({ length: last - first + 1 }, (_, index) => {
    const { record, content } = history.get(first + index) as NonNullable<ReturnType<History["get"]>>;
    return toCheckpoint(record, content);
  });
}

/** Reads one record of a head's history, without the texts of a large record. */
export async function findRecord(
  call: Call,
  collection: string,
  head: LiveHead,
  seq: number,
): Promise<KeptRecord | undefined> {
  const inTail = head.tail.find((record) => record.seq === seq);
  if (inTail !== undefined || seq < head.firstSeq || seq > head.seq) return inTail;
  const filter = {
    ...partRange(head.id, head.incarnation, seq, seq + MAX_RECORDS_OF_ANY_SEGMENT),
    first: { $lte: seq },
  };
  const [segment] = await call.find<Segment>(collection, filter, { limit: 1, projection: { "records.payload": 0 } });
  return segment && recordsOf(segment).find((record) => record.seq === seq);
}

/**
 * Returns whether a record is kept and is a snapshot.
 *
 * @throws {WorkflowError} STATE_CORRUPT if fields are damaged that the records are found by
 */
export async function isSnapshot(call: Call, collection: string, id: string, seq: number): Promise<boolean> {
  const head = await readHead(call, collection, id);
  if (!isPresent(head)) return false;
  assertHistoryOf(head);
  return (await findRecord(call, collection, head, seq))?.kind === "snapshot";
}
