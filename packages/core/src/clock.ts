import { MAX_TIME_MS } from "./time.ts";

/**
 * The engine's source of time. Replace it to test waits and timeouts without waiting.
 *
 * - The wall clock is used for timestamps only. Machines correct it while they run, in both directions.
 * - Every duration, timeout, budget, backoff and renewal is measured by `elapsed`.
 * - Leases do not use this clock. They follow the store's own clock.
 */
export interface Clock {
  /** Milliseconds since the epoch, by the wall clock. */
  now(): number;
  /** Milliseconds since an arbitrary moment. Never decreases. */
  elapsed(): number;
  /** Schedules one call of `callback`, `delayMs` from now. Returns a function that cancels it. */
  schedule(delayMs: number, callback: () => void): () => void;
}

/** The longest delay that a timer of Node.js can have, in milliseconds (about 24.8 days). */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
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

/**
 * Wraps a clock so that a wrong reading does no harm: `now` always returns whole milliseconds that a `Date` can hold,
 * and `elapsed` never decreases.
 *
 * - A reading that is not a number, or that throws, is replaced by the one before it.
 * - What a timer has waited for has elapsed, also by a clock that stands still: a wait for it would never end.
 */
export function steadyClock(clock: Clock): Clock {
  if (clock === systemClock || steady.has(clock)) return clock;
  let lastNow = 0;
  let lastElapsed = 0;
  const wrapped: Clock = {
    now() {
      const ms = reading(() => clock.now());
      if (ms !== undefined) lastNow = Math.min(Math.max(0, Math.floor(ms)), MAX_TIME_MS);
      return lastNow;
    },
    elapsed() {
      const ms = reading(() => clock.elapsed());
      if (ms !== undefined && ms > lastElapsed) lastElapsed = Math.min(ms, Number.MAX_SAFE_INTEGER);
      return lastElapsed;
    },
    schedule(delayMs, callback) {
      const untilMs = wrapped.elapsed() + delayMs;
      const cancel: unknown = clock.schedule(delayMs, () => {
        if (untilMs > lastElapsed) lastElapsed = Math.min(untilMs, Number.MAX_SAFE_INTEGER);
        callback();
      });
      return typeof cancel === "function" ? () => void cancel() : () => undefined;
    },
  };
  steady.add(wrapped);
  return wrapped;
}

/** The clocks that {@link steadyClock} has made. */
const steady = new WeakSet<Clock>();

function reading(read: () => number): number | undefined {
  try {
    const ms = read();
    return typeof ms === "number" && Number.isFinite(ms) ? ms : undefined;
  } catch {
    return undefined;
  }
}
