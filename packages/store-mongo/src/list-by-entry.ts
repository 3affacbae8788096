import type { PagePosition } from "@waymark/core/store";
import type { Document } from "mongodb";
import type { Call } from "./call.ts";
import {
  type Entry,
  entryId,
  type HeadDocument,
  isIncarnation,
  isLive,
  type LiveHead,
  madeAtOf,
  namesIn,
  partRange,
} from "./documents.ts";
import { isExpired } from "./expiry.ts";
import { MAX_BATCH, type Row, readHeads, rowAt } from "./list-by-head.ts";
import { behindLast, inPlace, ofOrigin, ofState, orderBy, type TimedQuery } from "./listing-conditions.ts";
import { isTime } from "./stored-head.ts";

/** Milliseconds for which an entry without a head is kept: its creation may still be under way. */
const ABANDONED_AFTER_MS = 3_600_000;

/** Reads the rows of one page by their entries, and one more if another page follows. */
export async function listByEntry(call: Call, collection: string, query: TimedQuery): Promise<Row[]> {
  const found = new Map<string, Row>();
  if (query.statuses?.length === 0) return [];
  const sort = orderBy(query, "listedAt");
  let place = inPlace(query, "listedAt");
  let end: string | undefined;
  let most = Math.max(MAX_BATCH, query.limit + 1);
  for (let limit = query.limit + 1; ; limit = Math.min(2 * limit, most)) {
    const filter = { $and: [...place, ...ofOrigin(query)] };
    const entries = await call.find<Entry>(collection, filter, { sort, limit });
    const heads = await headsOf(call, collection, entries, ofState(query));
    for (const entry of entries) {
      const head = heads.get(entry._id);
      if (head === undefined || !isSound(entry) || (query.hidesExpired && isExpired(head))) continue;
      found.set(head._id, rowOf(entry, head));
      if (found.size > query.limit) return [...found.values()];
    }
    if (entries.length < limit) return [...found.values()];
    // Includes the last one: another life of its id may have begun in the same millisecond.
    const last = entries.findLast(isSound);
    if (last === undefined || last._id === end) most *= 2;
    else place = behindLast(query, positionOf(last), "listedAt");
    end = last?._id;
  }
}

function rowOf(entry: Entry, head: LiveHead): Row {
  const row = rowAt(head, positionOf(entry));
  // The entry has the time of the creation even if the head does not.
  const isKnown = row.record.unreadable?.includes("createdAt") !== true;
  return isKnown ? row : { ...row, record: { ...row.record, createdAt: entry.listedAt } };
}

function positionOf({ listedAt, id }: Entry): PagePosition {
  return { time: listedAt, id };
}

/** Returns whether an entry has its place in the order. */
function isSound({ _id, id, listedAt }: Entry): boolean {
  return isTime(listedAt) && id === namesIn(_id).id;
}

/**
 * Reads the heads of entries, by the entries' `_id`: only those that meet all conditions.
 *
 * - Without conditions, it removes entries that have had no head for a long time, and what belongs to them.
 */
async function headsOf(
  call: Call,
  collection: string,
  entries: readonly Entry[],
  conditions: readonly Document[],
): Promise<Map<string, LiveHead>> {
  if (entries.length === 0) return new Map();
  const ids = entries.map(({ id }) => id);
  const filter = { $and: [{ _id: { $in: ids }, executionId: { $in: ids } }, ...conditions] };
  const found = await readHeads<HeadDocument>(call, collection, filter);
  const heads = new Map(found.filter(isLive).map((head) => [entryId(head._id, head.incarnation), head]));
  const orphans = conditions.length === 0 ? entries.filter(({ _id }) => !heads.has(_id)) : [];
  if (orphans.length === 0) return heads;
  // A head whose incarnation or shard key was damaged still belongs to the entry.
  const inIds = { _id: { $in: orphans.map(({ _id }) => namesIn(_id).id) } };
  const others = (await readHeads<HeadDocument>(call, collection, inIds)).filter(isLive);
  const byId = new Map(others.map((head) => [head._id, head]));
  for (const entry of orphans) {
    const head = byId.get(namesIn(entry._id).id);
    if (head !== undefined && mayBeOf(entry, head)) heads.set(entry._id, head);
  }
  const abandoned = orphans.filter(({ _id }) => !heads.has(_id));
  if (abandoned.length > 0) await call.hasTimeFor(() => removeAbandoned(call, collection, abandoned));
  return heads;
}

/** Returns whether a head's life may be the one that an entry was made for. */
function mayBeOf(entry: Entry, { _id, executionId, incarnation, createdAt, bornAt }: LiveHead): boolean {
  if (executionId !== _id || !isIncarnation(incarnation)) return true;
  // A row that is imported twice has the same creation time.
  return bornAt === madeAtOf(entry) || (entry.madeAt === undefined && createdAt === entry.listedAt);
}

async function removeAbandoned(call: Call, collection: string, orphans: readonly Entry[]): Promise<void> {
  const before = (await call.now()) - ABANDONED_AFTER_MS;
  const abandoned = orphans.filter((entry) => isSound(entry) && madeAtOf(entry) < before);
  if (abandoned.length === 0) return;
  // Removed last, because what is left is found by it.
  await call.delete(
    collection,
    abandoned.map(({ _id, id }) => partRange(id, namesIn(_id).incarnation)),
  );
  await call.delete(
    collection,
    abandoned.map(({ _id, executionId }) => ({ _id, executionId })),
  );
}
