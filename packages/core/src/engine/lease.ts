import type { Clock } from "../clock.ts";
import { isWorkflowError } from "../errors.ts";
import type { Journal } from "../state/journal.ts";

/**
 * Renews a run's lease every third of its length, also while a node takes long; returns a function that ends that.
 *
 * - Commits renew it too, so a run of short nodes seldom needs a renewal of its own.
 * - A store that is away is no reason to disturb a node: the lease may still be ours. Only what says that the execution
 *   is lost is reported, once.
 */
export function startHeartbeat(options: {
  clock: Clock;
  journal: Journal;
  leaseMs: number;
  onLost: (error: unknown) => void;
}): () => void {
  const { clock, journal, leaseMs, onLost } = options;
  if (leaseMs === 0) return () => undefined;
  const intervalMs = Math.max(1, Math.floor(leaseMs / 3));
  let ended = false;
  let cancel = clock.schedule(intervalMs, () => void beat());

  /** Milliseconds until a third of the lease has passed since its last renewal. */
  function untilDueMs(): number {
    // The commit that ends the run is under way, and there will be nothing to renew.
    if (journal.status !== "running") return intervalMs;
    return journal.leaseRenewedMs + intervalMs - clock.elapsed();
  }

  async function beat(): Promise<void> {
    let waitMs = intervalMs;
    try {
      if (untilDueMs() <= 0) await journal.renewLease();
      waitMs = Math.max(1, untilDueMs());
    } catch (error) {
      if (journal.broken !== undefined) {
        if (!ended && !isWorkflowError(error, "STORE_UNAVAILABLE")) onLost(error);
        return;
      }
      // Refused for what no renewal is refused for: that says nothing of who has the lease.
    }
    if (!ended) cancel = clock.schedule(waitMs, () => void beat());
  }

  return () => {
    ended = true;
    cancel();
    journal.end();
  };
}
