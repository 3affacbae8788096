import type { Clock } from "../clock.ts";

/** Waits for work, but no longer than `ms` milliseconds. Then it throws `late()`, and ignores what becomes of the work. */
export function withinTime<T>(
  { clock, ms, late }: { clock: Clock; ms: number; late: () => Error },
  work: () => T | Promise<T>,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const cancel = clock.schedule(ms, () => reject(late()));
    // In an async function, so that what it throws at once is a rejection, too.
    (async () => work())().then(resolve, reject).finally(cancel);
  });
}
