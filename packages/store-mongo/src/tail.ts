import type { NewCheckpoint } from "@waymark/core";
import { type KeptRecord, partId, type RecordContent, segmentId } from "./documents.ts";
import { recordContent } from "./request-fields.ts";
import type { UpdateStatement } from "./session.ts";

/**
 * The most records of a tail, and so of a segment: at most MAX_SEGMENT_RECORDS. More make fewer segments, and a longer
 * head to write with every commit.
 */
const MAX_TAIL_RECORDS = 8;
/** The most that a tail's records hold of texts, in UTF-16 code units; one that alone is longer is kept apart. */
const MAX_TAIL_LENGTH = 8 * 1024;

/** Which execution, in which of its lives, and with which token. */
export interface Place {
  id: string;
  incarnation: string;
  token: number;
}

/** A record that is to be added, and the part that is to be made for it where it is large. */
export interface Addition {
  record: KeptRecord;
  part: UpdateStatement | undefined;
}

/** What becomes of a tail, and the segment that is to be made of what leaves it. */
export interface TailChange {
  /** The whole tail afterwards. */
  tail: KeptRecord[];
  /** Whether it is what it was, with one record more. */
  isLonger: boolean;
  segment: UpdateStatement | undefined;
}

/** The record of a checkpoint. Calls that may both make it have keys of their own, so that neither touches the other's part. */
export function addition(
  place: Place,
  { seq, commitId, callKey }: { seq: number; commitId: string; callKey: string },
  checkpoint: NewCheckpoint,
): Addition {
  const content = recordContent(checkpoint);
  const record: KeptRecord = { seq, kind: checkpoint.kind, commitId };
  if (lengthOf(content) <= MAX_TAIL_LENGTH) return { record: { ...record, ...content }, part: undefined };
  const large = partId(place.id, place.incarnation, seq, callKey);
  const part = {
    q: partQuery(place, large),
    u: { $setOnInsert: { token: place.token, seq, ...content } },
    upsert: true,
  };
  return { record: { ...record, large }, part };
}

/** The tail once records before `firstSeq` are dropped and another is added, if there is one. */
export function changeTail(
  place: Place,
  before: readonly KeptRecord[],
  change: { firstSeq: number; added: KeptRecord | undefined },
): TailChange {
  const { firstSeq, added } = change;
  const kept = before.filter(({ seq }) => seq >= firstSeq);
  const isKept = kept.length === before.length;
  if (added === undefined) return { tail: kept, isLonger: false, segment: undefined };
  const length = kept.reduce((sum, record) => sum + lengthOf(record), lengthOf(added));
  const isFull = kept.length >= MAX_TAIL_RECORDS || length > MAX_TAIL_LENGTH;
  if (kept.length === 0 || !isFull) return { tail: [...kept, added], isLonger: isKept, segment: undefined };
  return { tail: [added], isLonger: false, segment: segmentStatement(place, kept) };
}

/**
 * Makes a segment. Its records are committed and never change, so one of the same name has the same records. It may be
 * left of a commit by an owner of before, and marked to expire with the execution as that owner knew it: not any more.
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
