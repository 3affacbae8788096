import { type ExecutionRecord, isEnded, type ListQuery, type PagePosition } from "@waymark/core";
import type { Document } from "mongodb";
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
import { isExpired, notExpired } from "./expiry.ts";
import { WAKE_INDEX } from "./schema.ts";
import type { Call } from "./session.ts";
import { isTime, toRecord } from "./stored-head.ts";

/** How long an entry without its head is left to whoever may be about to make the head, in milliseconds. */
const ABANDONED_AFTER_MS = 3_600_000;
/** The most entries that are read at once if not all of them will do. */
const MAX_BATCH = 4_000;
const WITHOUT_TAIL = { projection: { tail: 0 } };

export interface ListingOptions {
  /** Leaves out what has expired. */
  hidesExpired: boolean;
  /** All indexes are known to be there. */
  hasIndexes: boolean;
}

/** A row of a listing, and the place in the order by which it was found. */
export interface Row {
  record: ExecutionRecord;
  position: PagePosition;
}

/**
 * The rows of one page, in order, and one more if there is a next page.
 *
 * - What selects few heads is asked of the heads. All else is asked of the entries, which never change places while they
 *   are read; their heads then tell the rest.
 * - What has no sound place in the order is passed over.
 */
export async function listHeads(
  call: Call,
  collection: string,
  query: ListQuery,
  options: ListingOptions,
): Promise<Row[]> {
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
): Promise<Row[]> {
  const conditions = ofOwner(query);
  if (query.statuses !== undefined) conditions.push({ status: { $in: query.statuses } });
  if (query.leaseExpired === true) conditions.push({ status: "running", leaseUntil: { $lte: now } });
  if (query.due === true) conditions.push({ wakeAt: { $lte: now } });
  if (hidesExpired) conditions.push(notExpired(now));
  // Few heads wait for a time, but not every server knows that by itself.
  const hint = query.due === true && hasIndexes ? { hint: WAKE_INDEX } : {};
  const sort = sortBy(query, "createdAt");
  const found = new Map<string, Row>();
  let place = inPlace(query, "createdAt");
  for (let limit = query.limit + 1; ; limit *= 2) {
    const filter = { $and: [...place, ...conditions] };
    const heads = await call.find<LiveHead>(collection, filter, { sort, limit, ...WITHOUT_TAIL, ...hint });
    const sound = heads.filter((head) => head.id === head._id && isTime(head.createdAt));
    const rows = sound.map((head) => rowAt(head, head));
    for (const row of rows) found.set(row.record.id, row);
    if (heads.length < limit || found.size > query.limit) return [...found.values()].slice(0, query.limit + 1);
    // Some were passed over.
    const last = rows.at(-1);
    if (last !== undefined) place = behindLast(query, last.position, "createdAt");
  }
}

async function listByEntry(call: Call, collection: string, query: ListQuery, now: number | undefined): Promise<Row[]> {
  const found = new Map<string, Row>();
  if (query.statuses?.length === 0) return [];
  const sort = sortBy(query, "listedAt");
  let place = inPlace(query, "listedAt");
  let end: string | undefined;
  let most = Math.max(MAX_BATCH, query.limit + 1);
  for (let limit = query.limit + 1; ; limit = Math.min(2 * limit, most)) {
    const filter = { $and: [...place, ...ofOwner(query)] };
    const entries = (await call.find<Entry>(collection, filter, { sort, limit })) as Entry[];
    const heads = await headsOf(call, collection, { entries, statuses: query.statuses, now });
    for (const entry of entries) {
      const head = heads.get(entry._id);
      if (head === undefined || !isSound(entry) || (now !== undefined && isExpired({ ...head, now }))) continue;
      found.set(head._id, rowAt(head, positionOf(entry)));
      if (found.size > query.limit) return [...found.values()];
    }
    if (entries.length < limit) return [...found.values()];
    // The last one again: another life of its id may have begun in the same millisecond.
    const last = entries.findLast(isSound);
    if (last === undefined || last._id === end) most *= 2;
    else place = behindLast(query, positionOf(last), "listedAt");
    end = last?._id;
  }
}

function rowAt(head: LiveHead, { createdAt, id }: PagePosition): Row {
  const record = toRecord(head);
  // The entry knows when it was created, also if the head does not.
  const isKnown = record.unreadable?.includes("createdAt") !== true;
  return { record: isKnown ? record : { ...record, createdAt }, position: { createdAt, id } };
}

function positionOf({ listedAt, id }: Entry): PagePosition {
  return { createdAt: listedAt, id };
}

/** Tells whether an entry has its place in the order. */
function isSound({ _id, id, listedAt }: Entry): boolean {
  return isTime(listedAt) && id === namesIn(_id).id;
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
  if (entries.length === 0) return new Map();
  const ids = entries.map(({ id }) => id);
  const ofStatus = statuses === undefined ? {} : { status: { $in: statuses } };
  const filter = { _id: { $in: ids }, executionId: { $in: ids }, ...ofStatus };
  const found = await call.find<HeadDocument>(collection, filter, WITHOUT_TAIL);
  const heads = new Map(found.filter(isLive).map((head) => [entryId(head._id, head.incarnation), head]));
  const orphans = statuses === undefined ? entries.filter(({ _id }) => !heads.has(_id)) : [];
  if (orphans.length === 0) return heads;
  // A head that cannot tell its life or its shard is still the entry's.
  const inIds = { _id: { $in: orphans.map(({ _id }) => namesIn(_id).id) } };
  const others = (await call.find<HeadDocument>(collection, inIds, WITHOUT_TAIL)).filter(isLive);
  const byId = new Map(others.map((head) => [head._id, head]));
  for (const entry of orphans) {
    const head = byId.get(namesIn(entry._id).id);
    if (head !== undefined && mayBeOf(entry, head)) heads.set(entry._id, head);
  }
  const abandoned = orphans.filter(({ _id }) => !heads.has(_id));
  if (abandoned.length > 0) await call.hasTimeFor(() => removeAbandoned(call, collection, { orphans: abandoned, now }));
  return heads;
}

/** Whether the life of a head may be the one that an entry was made for. */
function mayBeOf(entry: Entry, { _id, executionId, incarnation, createdAt, bornAt }: LiveHead): boolean {
  if (executionId !== _id || !isIncarnation(incarnation)) return true;
  // A row that is imported twice was created at one time.
  return bornAt === madeAtOf(entry) || (entry.madeAt === undefined && createdAt === entry.listedAt);
}

async function removeAbandoned(
  call: Call,
  collection: string,
  { orphans, now }: { orphans: readonly Entry[]; now: number | undefined },
): Promise<void> {
  const before = (now ?? (await call.now())) - ABANDONED_AFTER_MS;
  const abandoned = orphans.filter((entry) => isSound(entry) && madeAtOf(entry) < before);
  if (abandoned.length === 0) return;
  // By the entry what is left is found again: it goes last.
  await call.delete(
    collection,
    abandoned.map(({ _id, id }) => partRange(id, namesIn(_id).incarnation)),
  );
  await call.delete(
    collection,
    abandoned.map(({ _id, executionId }) => ({ _id, executionId })),
  );
}

/** Selects rows within the time asked for, and from the last one found on. */
function behindLast(query: ListQuery, last: PagePosition, field: string): Document[] {
  return [...inPlace(query, field), ...behind(last, { order: query.order, field, included: true })];
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
