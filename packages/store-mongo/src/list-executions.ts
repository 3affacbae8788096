import type { ListQuery, PagePosition } from "@waymark/core";
import type { Document } from "mongodb";
import { type Entry, entryId, type HeadDocument, isLive, type LiveHead } from "./documents.ts";
import { isExpired, notExpired } from "./expiry.ts";
import { WAKE_INDEX } from "./schema.ts";
import type { Call } from "./session.ts";

/** How long an entry without its head is left to whoever may be about to make the head, in milliseconds. */
const ABANDONED_AFTER_MS = 3_600_000;
/** The fewest entries that are read at once where not all of them will do. */
const MIN_BATCH = 2_000;
const WITHOUT_TAIL = { projection: { tail: 0 } };

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
  hidesExpired: boolean,
): Promise<LiveHead[]> {
  const { statuses, leaseExpired = false, due = false } = query;
  const now = hidesExpired || leaseExpired || due ? await call.now() : 0;
  // Of several statuses, one that an execution takes on meanwhile could be met twice, or never.
  if (statuses?.length === 1 || leaseExpired || due) return listByHead(call, collection, query, { now, hidesExpired });
  return listByEntry(call, collection, query, now);
}

async function listByHead(
  call: Call,
  collection: string,
  query: ListQuery,
  { now, hidesExpired }: { now: number; hidesExpired: boolean },
): Promise<LiveHead[]> {
  const conditions = [...inPlace(query, "createdAt"), ...ofOwner(query)];
  if (query.statuses !== undefined) conditions.push({ status: { $in: query.statuses } });
  if (query.leaseExpired === true) conditions.push({ status: "running", leaseUntil: { $lte: now } });
  if (query.due === true) conditions.push({ wakeAt: { $lte: now } });
  if (hidesExpired) conditions.push(notExpired(now));
  // Few heads wait for a time, but not every server knows that by itself.
  const hint = query.due === true ? { hint: WAKE_INDEX } : {};
  const options = { sort: sortBy(query, "createdAt"), limit: query.limit + 1, ...WITHOUT_TAIL, ...hint };
  return call.find<LiveHead>(collection, { $and: conditions }, options);
}

async function listByEntry(call: Call, collection: string, query: ListQuery, now: number): Promise<LiveHead[]> {
  const found: LiveHead[] = [];
  const batch = query.statuses === undefined ? query.limit + 1 : Math.max(query.limit + 1, MIN_BATCH);
  let { after } = query;
  for (;;) {
    const filter = { $and: [...inPlace({ ...query, ...(after && { after }) }, "listedAt"), ...ofOwner(query)] };
    const entries = await call.find<Entry>(collection, filter, { sort: sortBy(query, "listedAt"), limit: batch });
    const heads = await headsOf(call, collection, { entries, statuses: query.statuses });
    for (const entry of entries) {
      const head = heads.get(entry._id);
      if (head === undefined || isExpired({ ...head, now })) continue;
      found.push(head);
      if (found.length > query.limit) return found;
    }
    const last = entries.at(-1);
    if (last === undefined || entries.length < batch) return found;
    after = { createdAt: last.listedAt, id: last.id };
  }
}

/** The heads of entries, by the entries' `_id`; only those of some statuses, if named. Removes entries that have been without one for long. */
async function headsOf(
  call: Call,
  collection: string,
  { entries, statuses }: { entries: readonly Entry[]; statuses: ListQuery["statuses"] },
): Promise<Map<string, LiveHead>> {
  const ids = entries.map(({ id }) => id);
  const ofStatus = statuses === undefined ? {} : { status: { $in: statuses } };
  const filter = { _id: { $in: ids }, executionId: { $in: ids }, ...ofStatus };
  const found = entries.length === 0 ? [] : await call.find<HeadDocument>(collection, filter, WITHOUT_TAIL);
  const heads = new Map(found.filter(isLive).map((head) => [entryId(head.id, head.incarnation), head]));
  const orphans = statuses === undefined ? entries.filter(({ _id }) => !heads.has(_id)) : [];
  if (orphans.length > 0) await call.hasTimeFor(() => removeAbandoned(call, collection, orphans));
  return heads;
}

async function removeAbandoned(call: Call, collection: string, orphans: readonly Entry[]): Promise<void> {
  const before = (await call.now()) - ABANDONED_AFTER_MS;
  const abandoned = orphans.filter(({ listedAt }) => listedAt < before);
  if (abandoned.length === 0) return;
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
  if (after === undefined) return conditions;
  const { createdAt, id }: PagePosition = after;
  const [beyond, from] = order === "asc" ? ["$gt", "$gte"] : ["$lt", "$lte"];
  // The first condition is what an index can use; the second tells rows of the same millisecond apart.
  conditions.push({ [field]: { [from]: createdAt } });
  conditions.push({ $or: [{ [field]: { [beyond]: createdAt } }, { [field]: createdAt, id: { [beyond]: id } }] });
  return conditions;
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
