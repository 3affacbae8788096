import type { ExecutionRecord, WorkflowStatus } from "./checkpoint-store.ts";
import type { ListQuery } from "./list-query.ts";

/** The statuses in which an execution can wait for a time. */
const RESTING: ReadonlySet<WorkflowStatus> = new Set(["pending", "suspended"]);

/** Returns whether an execution fulfils all conditions of a listing at `now`, the store's time. */
export function matchesQuery(head: ExecutionRecord, query: ListQuery, now: number): boolean {
  return (
    (query.statuses === undefined || query.statuses.includes(head.status)) &&
    (query.workflowId === undefined || head.workflowId === query.workflowId) &&
    (query.userId === undefined || head.userId === query.userId) &&
    (query.parentId === undefined || head.parentId === query.parentId) &&
    (query.topLevel !== true || head.parentId === undefined) &&
    (query.createdAfter === undefined || head.createdAt > query.createdAfter) &&
    (query.createdBefore === undefined || head.createdAt < query.createdBefore) &&
    (query.endedAfter === undefined || (head.endedAt !== undefined && head.endedAt > query.endedAfter)) &&
    (query.endedForMs === undefined || (head.endedAt !== undefined && head.endedAt <= now - query.endedForMs)) &&
    (query.leaseExpired !== true || (head.status === "running" && (head.leaseUntil ?? 0) <= now)) &&
    (query.due !== true || (RESTING.has(head.status) && head.wakeAt !== undefined && head.wakeAt <= now))
  );
}
