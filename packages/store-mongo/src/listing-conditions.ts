import type { ListQuery, PagePosition, WorkflowStatus } from "@waymark/core/store";
import type { Document } from "mongodb";
import { notExpired } from "./expiry.ts";

/** A query, and the server's time if something in it depends on that. */
export interface TimedQuery extends ListQuery {
  now: number;
  /** True to leave out executions that have expired. */
  hidesExpired: boolean;
}

/** Statuses in which an execution can wait for a time. */
const RESTING: readonly WorkflowStatus[] = ["pending", "suspended"];

/** Returns conditions on fields that never change: entries have them as well as heads. */
export function ofOrigin({ workflowId, userId, parentId, topLevel }: ListQuery): Document[] {
  const conditions: Document[] = Object.entries({ workflowId, userId, parentId })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ({ [name]: value }));
  if (topLevel === true) conditions.push({ parentId: { $exists: false } });
  return conditions;
}

/** Returns conditions on fields that only heads have. */
export function ofState({ statuses, endedAfter, endedForMs, due, leaseExpired, now }: TimedQuery): Document[] {
  const conditions: Document[] = [];
  if (statuses !== undefined) conditions.push({ status: { $in: statuses } });
  if (endedAfter !== undefined) conditions.push({ endedAt: { $gt: endedAfter } });
  if (endedForMs !== undefined) conditions.push({ endedAt: { $lte: now - endedForMs } });
  if (due === true) conditions.push({ status: { $in: RESTING }, wakeAt: { $lte: now } });
  if (leaseExpired === true) conditions.push({ status: "running", leaseBound: { $lte: now } });
  return conditions;
}

/** Returns the condition that leaves out executions that have expired, if the query asks for it. */
export function ofPresence({ hidesExpired, now }: TimedQuery): Document[] {
  return hidesExpired ? [notExpired(now)] : [];
}

/** Selects rows within the query's times and after the last row of the page before. `field` has the time. */
export function inPlace({ createdAfter, createdBefore, after, sortBy, order }: ListQuery, field: string): Document[] {
  const conditions: Document[] = [{ [field]: { $gte: 0 } }];
  const created = sortBy === "createdAt" ? field : "createdAt";
  if (createdAfter !== undefined) conditions.push({ [created]: { $gt: createdAfter } });
  if (createdBefore !== undefined) conditions.push({ [created]: { $lt: createdBefore } });
  if (after !== undefined) conditions.push(...behind(after, { order, field, included: false }));
  return conditions;
}

/** Selects rows within the query's times, from the last row found on. */
export function behindLast(query: ListQuery, last: PagePosition, field: string): Document[] {
  return [...inPlace(query, field), ...behind(last, { order: query.order, field, included: true })];
}

function behind(
  { time, id }: PagePosition,
  { order, field, included }: { order: ListQuery["order"]; field: string; included: boolean },
): Document[] {
  const [beyond, from] = order === "asc" ? ["$gt", "$gte"] : ["$lt", "$lte"];
  // An index can use the first condition; the second distinguishes rows of the same millisecond.
  return [
    { [field]: { [from]: time } },
    { $or: [{ [field]: { [beyond]: time } }, { [field]: time, id: { [included ? from : beyond]: id } }] },
  ];
}

/** Returns the order of a listing. */
export function orderBy({ order }: ListQuery, field: string): Record<string, 1 | -1> {
  const direction = order === "asc" ? 1 : -1;
  return { [field]: direction, id: direction };
}
