import type { ListQuery } from "@waymark/core";
import type { Document } from "mongodb";
import { notExpired } from "./expiry.ts";
import { CREATED_INDEX } from "./schema.ts";

/** The `find` of one page of a listing: one row more than the page has, to know whether there is a next one. */
export function listQuery(query: ListQuery, now: number, hidesExpired = false) {
  const { workflowId, userId, parentId, statuses, createdBefore, leaseExpired, due, after, limit, order } = query;
  const ascending = order === "asc";
  const created: Document = { $gte: 0 };
  if (createdBefore !== undefined) created.$lt = createdBefore;
  const conditions: Document[] = [{ createdAt: created }];
  if (after !== undefined) {
    // The first condition is what an index can use; the second tells rows of the same millisecond apart.
    conditions.push({ createdAt: { [ascending ? "$gte" : "$lte"]: after.createdAt } });
    const beyond = ascending ? "$gt" : "$lt";
    conditions.push({
      $or: [{ createdAt: { [beyond]: after.createdAt } }, { createdAt: after.createdAt, id: { [beyond]: after.id } }],
    });
  }
  if (workflowId !== undefined) conditions.push({ workflowId });
  if (userId !== undefined) conditions.push({ userId });
  if (parentId !== undefined) conditions.push({ parentId });
  if (statuses !== undefined) conditions.push({ status: statuses.length === 1 ? statuses[0] : { $in: statuses } });
  if (leaseExpired === true) conditions.push({ status: "running", leaseUntil: { $lte: now } });
  if (hidesExpired) conditions.push(notExpired(now));
  if (due === true) conditions.push({ wakeAt: { $lte: now } });
  const direction = ascending ? 1 : -1;
  const sort: Record<string, 1 | -1> = { createdAt: direction, id: direction };
  // The index by status has a row per status: one that changes it meanwhile could be met twice, or never.
  const hint = statuses !== undefined && statuses.length > 1 ? { hint: CREATED_INDEX } : {};
  return { filter: { $and: conditions }, options: { sort, limit: limit + 1, ...hint } };
}
