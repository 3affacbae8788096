import type { Clock } from "../clock.ts";
import type { Journal } from "../state/journal.ts";

/**
 * Renews a run's lease every third of its length, also while a node takes long; returns what ends that.
 *
 * - Commits renew it too, so a run of short nodes seldom needs a renewal of its own.
 * - A renewal that fails is told once, and no more are made.
 */
export function startHeartbeat(options: {
  clock: Clock;
  journal: Journal;
  leaseMs: number;
  onFailure: (error: unknown) => void;
}): () => void {
  const { clock, journal, leaseMs, onFailure } = options;
  if (leaseMs === 0) return () => undefined;
  const intervalMs = Math.max(1, Math.floor(leaseMs / 3));
  let ended = false;
  let cancel = clock.schedule(intervalMs, () => void beat());

  async function beat(): Promise<void> {
    try {
      if (journal.status === "running" && clock.now() - journal.leaseRenewedMs >= intervalMs)
        await journal.renewLease();
    } catch (error) {
      if (!ended) onFailure(error);
      return;
    }
    if (!ended) cancel = clock.schedule(intervalMs, () => void beat());
  }

  return () => {
    ended = true;
    cancel();
  };
}
