import { isEnded, type ListedExecution, type ListQuery } from "@waymark/core/store";
import type { Call } from "./call.ts";
import { moveBounds, noteBounds } from "./lease-bounds.ts";
import { listByEntry } from "./list-by-entry.ts";
import { listByHead } from "./list-by-head.ts";
import type { TimedQuery } from "./listing-conditions.ts";
import { DUE_INDEX, LEASE_INDEX } from "./schema.ts";

export interface ListingOptions {
  /** Leaves out what has expired. */
  hidesExpired: boolean;
  /** All indexes are known to be there. */
  hasIndexes: boolean;
}

/**
 * The rows of one page, in order, and one more if there is a next page.
 *
 * - Filters that select few heads are read from the heads. All others are read from the entries, which never change places
 *   while they are read; their heads are read next.
 * - What has no sound place in the order is passed over.
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
  // Few heads wait for a time, but not every server knows that by itself.
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

/** One status, and not that of most executions of an owner. With several, one taken on meanwhile could be met twice, or never. */
function isOfOneStatus({ statuses, workflowId, userId }: ListQuery): boolean {
  const [status, ...others] = statuses ?? [];
  if (status === undefined || others.length > 0) return false;
  return !isEnded(status) || (workflowId === undefined && userId === undefined);
}
