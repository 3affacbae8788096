import type { Clock } from "@waymark/core";

/** A clock whose waits end in the next turn of the event loop, so that retries of store calls do not wait. */
export function immediateClock(): Clock {
  let elapsedMs = 0;
  return {
    now: () => Date.now(),
    elapsed: () => elapsedMs,
    schedule(delayMs, callback) {
      const timer = setImmediate(() => {
        elapsedMs += delayMs;
        callback();
      });
      return () => clearImmediate(timer);
    },
  };
}
