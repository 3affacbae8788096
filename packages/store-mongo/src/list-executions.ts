import { isEnded, type ListQuery, type PagePosition } from "@waymark/core";
import type { Document } from "mongodb";
import { type Entry, entryId, type HeadDocument, isLive, type LiveHead, partRange } from "./documents.ts";
import { isExpired, notExpired } from "./expiry.ts";
import { WAKE_INDEX } from "./schema.ts";
import type { Call } from "./session.ts";

/** How long an entry without its head is left to whoever may be about to make the head, in milliseconds. */
const ABANDONED_AFTER_MS = 3_600_000;
/** The most entries that are read at once where not all of them will do. */
const MAX_BATCH = 4_000;
const WITHOUT_TAIL = { projection: { tail: 0 } };

export interface ListingOptions {
  /** Leaves out what has expired. */
  hidesExpired: boolean;
  /** All indexes are known to be there. */
  hasIndexes: boolean;
}

/**
 * The heads of one page, in order, and one more if there is a next page.
 *
 * - What selects few heads is asked of the heads. All else is asked of the entries, which never change places while they
 *   are read; their heads then tell the rest.
 */
export async function listHeads(
  call: Call,
  collection: string,
  query: ListQuery,
  options: ListingOptions,
): Promise<LiveHead[]> {
  const { leaseExpired = false, due = false } = query;
  const now = options.hidesExpired || leaseExpired || due ? await call.now() : undefined;
  if (leaseExpired || due || isOfOneStatus(query)) return listByHead(call, collection, query, { now, ...options });
  return listByEntry(call, collection, query, now);
}

/** One status, and not that of most executions of an owner. With several, one taken on meanwhile could be met twice, or never. */
function isOfOneStatus({ statuses, workflowId, userId }: ListQuery): boolean {
  const [status, ...others] = statuses ?? [];
  if (status === undefined || others.length > 0) return false;
  return !isEnded(status) || (workflowId === undefined && userId === undefined);
}

async function listByHead(
  call: Call,
  collection: string,
  query: ListQuery,
  { now = 0, hidesExpired, hasIndexes }: ListingOptions & { now: number | undefined },
): Promise<LiveHead[]> {
  const conditions = [...inPlace(query, "createdAt"), ...ofOwner(query)];
  if (query.statuses !== undefined) conditions.push({ status: { $in: query.statuses } });
  if (query.leaseExpired === true) conditions.push({ status: "running", leaseUntil: { $lte: now } });
  if (query.due === true) conditions.push({ wakeAt: { $lte: now } });
  if (hidesExpired) conditions.push(notExpired(now));
  // Few heads wait for a time, but not every server knows that by itself.
  const hint = query.due === true && hasIndexes ? { hint: WAKE_INDEX } : {};
  const options = { sort: sortBy(query, "createdAt"), limit: query.limit + 1, ...WITHOUT_TAIL, ...hint };
  return call.find<LiveHead>(collection, { $and: conditions }, options);
}

async function listByEntry(
  call: Call,
  collection: string,
  query: ListQuery,
  now: number | undefined,
): Promise<LiveHead[]> {
  const found = new Map<string, LiveHead>();
  if (query.statuses?.length === 0) return [];
  const sort = sortBy(query, "listedAt");
  let place = inPlace(query, "listedAt");
  for (let limit = query.limit + 1; ; limit = Math.min(2 * limit, Math.max(MAX_BATCH, query.limit + 1))) {
    const entries = await call.find<Entry>(collection, { $and: [...place, ...ofOwner(query)] }, { sort, limit });
    const heads = await headsOf(call, collection, { entries, statuses: query.statuses, now });
    for (const { _id } of entries) {
      const head = heads.get(_id);
      if (head !== undefined && !(now !== undefined && isExpired({ ...head, now }))) found.set(_id, head);
      if (found.size > query.limit) return [...found.values()];
    }
    const last = entries.at(-1);
    if (last === undefined || entries.length < limit) return [...found.values()];
    // The last one again: another life of its id may have begun in the same millisecond.
    const position = { createdAt: last.listedAt, id: last.id };
    place = [
      ...inPlace(query, "listedAt"),
      ...behind(position, { order: query.order, field: "listedAt", included: true }),
    ];
  }
}

/**
 * The heads of entries, by the entries' `_id`; only those of some statuses, if named.
 *
 * - Without statuses it removes what belongs to entries that have been without a head for long.
 */
async function headsOf(
  call: Call,
  collection: string,
  { entries, statuses, now }: { entries: readonly Entry[]; statuses: ListQuery["statuses"]; now: number | undefined },
): Promise<Map<string, LiveHead>> {
  const ids = entries.map(({ id }) => id);
  const ofStatus = statuses === undefined ? {} : { status: { $in: statuses } };
  const filter = { _id: { $in: ids }, executionId: { $in: ids }, ...ofStatus };
  const found = entries.length === 0 ? [] : await call.find<HeadDocument>(collection, filter, WITHOUT_TAIL);
  const heads = new Map(found.filter(isLive).map((head) => [entryId(head.id, head.incarnation), head]));
  const orphans = statuses === undefined ? entries.filter(({ _id }) => !heads.has(_id)) : [];
  if (orphans.length > 0) await call.hasTimeFor(() => removeAbandoned(call, collection, { orphans, now }));
  return heads;
}

async function removeAbandoned(
  call: Call,
  collection: string,
  { orphans, now }: { orphans: readonly Entry[]; now: number | undefined },
): Promise<void> {
  const before = (now ?? (await call.now())) - ABANDONED_AFTER_MS;
  const abandoned = orphans.filter(({ listedAt }) => listedAt < before);
  if (abandoned.length === 0) return;
  // By the entry what is left is found again: it goes last.
  await call.delete(
    collection,
    abandoned.map(({ id, incarnation }) => partRange(id, incarnation)),
  );
  await call.delete(
    collection,
    abandoned.map(({ _id, executionId }) => ({ _id, executionId })),
  );
}

/** Selects rows within the time asked for, and behind the last one of the page before. */
function inPlace({ createdBefore, after, order }: ListQuery, field: string): Document[] {
  const conditions: Document[] = [
    { [field]: createdBefore === undefined ? { $gte: 0 } : { $gte: 0, $lt: createdBefore } },
  ];
  if (after !== undefined) conditions.push(...behind(after, { order, field, included: false }));
  return conditions;
}

function behind(
  { createdAt, id }: PagePosition,
  { order, field, included }: { order: ListQuery["order"]; field: string; included: boolean },
): Document[] {
  const [beyond, from] = order === "asc" ? ["$gt", "$gte"] : ["$lt", "$lte"];
  // The first condition is what an index can use; the second tells rows of the same millisecond apart.
  return [
    { [field]: { [from]: createdAt } },
    { $or: [{ [field]: { [beyond]: createdAt } }, { [field]: createdAt, id: { [included ? from : beyond]: id } }] },
  ];
}

function ofOwner({ workflowId, userId, parentId }: ListQuery): Document[] {
  return Object.entries({ workflowId, userId, parentId })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ({ [name]: value }));
}

function sortBy({ order }: ListQuery, field: string): Record<string, 1 | -1> {
  const direction = order === "asc" ? 1 : -1;
  return { [field]: direction, id: direction };
}
