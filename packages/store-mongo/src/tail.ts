import type { NewCheckpoint } from "@waymark/core/store";
import type { UpdateStatement } from "./call.ts";
import { type KeptRecord, MAX_SEGMENT_RECORDS, partId, type RecordContent, segmentId } from "./documents.ts";
import { recordContent } from "./request-fields.ts";

/**
 * The most records of several commits in a tail. More would make fewer segments, and a longer head to write with every
 * commit. The records of one commit stay in the tail until the next commit, however many they are.
 */
const MAX_TAIL_RECORDS = 8;
/** The most UTF-16 code units of texts in a tail; records beyond that are kept in parts. */
const MAX_TAIL_LENGTH = 8 * 1024;

/** One life of an execution, and the token of its owner. */
export interface Place {
  id: string;
  incarnation: string;
  token: number;
}

/** Records to add, and the parts to make for the large ones. */
export interface Additions {
  records: KeptRecord[];
  parts: UpdateStatement[];
}

/** A change of a tail, and the segments to make of the records that leave it. */
export interface TailChange {
  /** The whole tail after the change. */
  tail: KeptRecord[];
  /** The records that are added to the tail, if none leaves it. */
  appended: KeptRecord[] | undefined;
  segments: UpdateStatement[];
}

/**
 * Returns the records of checkpoints, the first of which has the number `seq`.
 *
 * - Each call has its own key, so that two calls for the same commit do not touch each other's parts.
 */
export function additions(
  place: Place,
  { seq, commitId, callKey }: { seq: number; commitId: string; callKey: string },
  checkpoints: readonly NewCheckpoint[],
): Additions {
  const added: Additions = { records: [], parts: [] };
  let length = 0;
  for (const [at, checkpoint] of checkpoints.entries()) {
    const content = recordContent(checkpoint);
    const record: KeptRecord = { seq: seq + at, kind: checkpoint.kind, commitId };
    const longer = length + lengthOf(content);
    if (longer <= MAX_TAIL_LENGTH) {
      length = longer;
      added.records.push({ ...record, ...content });
      continue;
    }
    const large = partId(place.id, place.incarnation, record.seq, callKey);
    added.records.push({ ...record, large });
    const u = { $setOnInsert: { token: place.token, seq: record.seq, ...content } };
    added.parts.push({ q: partQuery(place, large), u, upsert: true });
  }
  return added;
}

/** Returns the change of a tail whose records before `firstSeq` are dropped and to which others are added. */
export function changeTail(
  place: Place,
  before: readonly KeptRecord[],
  { firstSeq, added }: { firstSeq: number; added: readonly KeptRecord[] },
): TailChange {
  const kept = before.filter(({ seq }) => seq >= firstSeq);
  const isWhole = kept.length === before.length;
  const length = [...kept, ...added].reduce((sum, record) => sum + lengthOf(record), 0);
  const isFull = kept.length + added.length > MAX_TAIL_RECORDS || length > MAX_TAIL_LENGTH;
  if (added.length === 0 || kept.length === 0 || !isFull) {
    const appended = isWhole && kept.length > 0 ? [...added] : undefined;
    return { tail: [...kept, ...added], appended, segments: [] };
  }
  return { tail: [...added], appended: undefined, segments: segmentsOf(place, kept) };
}

function segmentsOf(place: Place, records: readonly KeptRecord[]): UpdateStatement[] {
  const segments: UpdateStatement[] = [];
  for (let start = 0; start < records.length; start += MAX_SEGMENT_RECORDS) {
    segments.push(segmentStatement(place, records.slice(start, start + MAX_SEGMENT_RECORDS)));
  }
  return segments;
}

/**
 * Returns the statement that makes a segment. Its records are committed and never change, so a segment of the same name
 * has the same records. An earlier owner may have left it, marked to expire with the execution; then the mark is
 * removed.
 */
function segmentStatement(place: Place, records: readonly KeptRecord[]): UpdateStatement {
  const [first, last] = [records[0]?.seq ?? 0, records.at(-1)?.seq ?? 0];
  const q = partQuery(place, segmentId(place.id, place.incarnation, last, first));
  const isOlder = { $lt: [{ $ifNull: ["$token", -1] }, place.token] };
  const set = {
    first: { $literal: first },
    records: { $literal: records },
    token: { $max: ["$token", place.token] },
    forgetAt: { $cond: [isOlder, "$$REMOVE", "$forgetAt"] },
  };
  return { q, u: [{ $set: set }], upsert: true };
}

function partQuery({ id }: Place, part: string) {
  return { _id: part, executionId: id };
}

function lengthOf({ payload = "", nodeId = "", nodeName = "", errorJson = "" }: Partial<RecordContent>): number {
  return payload.length + nodeId.length + nodeName.length + errorJson.length;
}
