import type { Call } from "./call.ts";
import type { HeadDocument, LiveHead } from "./documents.ts";
import { MAX_BATCH } from "./list-by-head.ts";
import { isTime } from "./stored-head.ts";

/*
 * Leases that have lapsed are found by `leaseBound`, which is never later than `leaseUntil`. A commit that renews the lease
 * leaves it as it is, so that no index changes with it. A reader moves it on to `leaseUntil` wherever its time has come;
 * what it finds by the index then is what has lapsed, and in order.
 *
 * The version before does not know the bound. What it leaves behind is early, which costs a reader a move, or missing: then
 * a reader makes it. Only if it shortens a lease is that found late, when the bound has come.
 */

/** Sets the bound to the end of the lease. Without one, a lease has ended. */
const TO_LEASE = [{ $set: { leaseBound: { $ifNull: ["$leaseUntil", 0] } } }];

/** Gives a bound to the running executions that have none. */
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

/** Makes a function that moves on the bounds of heads that have another end of the lease; it returns whether there were any. */
export function moveBounds(call: Call, collection: string): (heads: readonly LiveHead[]) => Promise<boolean> {
  return async (heads) => {
    const behind = heads.filter(({ leaseUntil = 0, leaseBound }) => isTime(leaseUntil) && leaseUntil !== leaseBound);
    if (behind.length === 0) return false;
    const statement = { q: { ...named(behind), status: "running" }, u: TO_LEASE, multi: true };
    // None if those that were found are damaged: they stay.
    return (await call.update(collection, [statement])).n > 0;
  };
}

function named(heads: readonly HeadDocument[]) {
  const ids = heads.map(({ _id }) => _id);
  return { _id: { $in: ids }, executionId: { $in: ids } };
}
