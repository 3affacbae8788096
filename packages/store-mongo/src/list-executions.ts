import { isEnded, type ListedExecution, type ListQuery } from "@waymark/core/store";
import type { Call } from "./call.ts";
import { moveBounds, noteBounds } from "./lease-bounds.ts";
import { listByEntry } from "./list-by-entry.ts";
import { listByHead } from "./list-by-head.ts";
import type { TimedQuery } from "./listing-conditions.ts";
import { DUE_INDEX, LEASE_INDEX } from "./schema.ts";

export interface ListingOptions {
  /** True to leave out executions that have expired. */
  hidesExpired: boolean;
  /** True if all indexes are known to exist. */
  hasIndexes: boolean;
}

/**
 * Reads the rows of one page, in order, and one more if another page follows.
 *
 * - Filters that select few heads are read from the heads. All others are read from the entries, which never change
 *   places while they are read; their heads are read next.
 * - An execution without a valid place in the order is left out.
 */
export async function listExecutions(
  call: Call,
  collection: string,
  query: ListQuery,
  { hidesExpired, hasIndexes }: ListingOptions,
): Promise<ListedExecution[]> {
  const { leaseExpired, due, endedForMs } = query;
  const isTimed = hidesExpired || leaseExpired === true || due === true || endedForMs !== undefined;
  const timed: TimedQuery = { ...query, hidesExpired, now: isTimed ? await call.now() : 0 };
  // Few heads wait for a time, but not every server finds that out by itself.
  const by = (hint: string) => (hasIndexes ? { hint } : {});
  if (leaseExpired === true) {
    if (query.after === undefined) await noteBounds(call, collection, by(LEASE_INDEX));
    const prepare = moveBounds(call, collection);
    return listByHead(call, collection, timed, { field: "leaseBound", prepare, ...by(LEASE_INDEX) });
  }
  if (due === true) return listByHead(call, collection, timed, { field: "wakeAt", ...by(DUE_INDEX) });
  if (isOfOneStatus(query)) return listByHead(call, collection, timed, { field: "createdAt" });
  return listByEntry(call, collection, timed);
}

/**
 * Returns whether a query names one status, and not the one that most executions of an owner have.
 *
 * - With several statuses, an execution that changes its status meanwhile could come twice, or never.
 */
function isOfOneStatus({ statuses, workflowId, userId }: ListQuery): boolean {
  const [status, ...others] = statuses ?? [];
  if (status === undefined || others.length > 0) return false;
  return !isEnded(status) || (workflowId === undefined && userId === undefined);
}
