import type { Call } from "./call.ts";
import type { HeadDocument, LiveHead } from "./documents.ts";
import { MAX_BATCH } from "./list-by-head.ts";
import { isTime } from "./stored-head.ts";

/*
 * Leases that have lapsed are found by `leaseBound`, which is never later than `leaseUntil`. A commit that renews the
 * lease does not change it, so that no index changes. A reader moves each bound that has passed on to `leaseUntil`;
 * what it then finds by the index has lapsed, and is in order.
 *
 * The version before does not know the bound. The bound that it leaves is early, which costs a reader a move, or
 * missing, and then a reader makes it. Only a lease that it shortens is found late: once the bound has passed.
 */

/** Sets the bound to the end of the lease. An execution without an end counts as lapsed. */
const TO_LEASE = [{ $set: { leaseBound: { $ifNull: ["$leaseUntil", 0] } } }];

/** Adds a bound to the running executions that have none. */
export async function noteBounds(call: Call, collection: string, options: { hint?: string }): Promise<void> {
  const unknown = { status: "running", leaseBound: null };
  const projection = { _id: 1, executionId: 1 };
  for (;;) {
    const found = await call.find<HeadDocument>(collection, unknown, { limit: MAX_BATCH, projection, ...options });
    if (found.length > 0)
      await call.update(collection, [{ q: { ...named(found), ...unknown }, u: TO_LEASE, multi: true }]);
    if (found.length < MAX_BATCH) return;
  }
}

/** Makes a function that moves the bounds of heads to the ends of their leases, and returns whether any has moved. */
export function moveBounds(call: Call, collection: string): (heads: readonly LiveHead[]) => Promise<boolean> {
  return async (heads) => {
    const behind = heads.filter(({ leaseUntil = 0, leaseBound }) => isTime(leaseUntil) && leaseUntil !== leaseBound);
    if (behind.length === 0) return false;
    const statement = { q: { ...named(behind), status: "running" }, u: TO_LEASE, multi: true };
    // None matches if the heads are damaged: they keep their bounds.
    return (await call.update(collection, [statement])).n > 0;
  };
}

function named(heads: readonly HeadDocument[]) {
  const ids = heads.map(({ _id }) => _id);
  return { _id: { $in: ids }, executionId: { $in: ids } };
}
