/**
 * What the engine knows of time; replace it to test waits and timeouts without waiting.
 *
 * - Leases do not use it: they go by the store's own clock.
 */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Calls back once, `delayMs` from now, and returns what cancels it. */
  schedule(delayMs: number, callback: () => void): () => void;
}

/** The longest delay that a timer of the platform can have, in milliseconds (about 24.8 days). */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  schedule(delayMs, callback) {
    let timer: NodeJS.Timeout;
    const start = (leftMs: number): void => {
      const stepMs = Math.min(leftMs, MAX_TIMER_MS);
      timer = setTimeout(() => (leftMs > stepMs ? start(leftMs - stepMs) : callback()), stepMs);
    };
    start(Math.max(0, delayMs));
    return () => clearTimeout(timer);
  },
};
