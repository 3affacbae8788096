import type { PreviewScheduleOptions } from "pg-boss";

const MINUTE_MS = 60_000;
/** How far back a tick is looked for, in minutes: the next one only if there was none in the one before. */
const BACK_MINUTES = [2, 60, 24 * 60, 32 * 24 * 60, 5 * 366 * 24 * 60];
/** The most ticks that pg-boss lists at once. */
const MOST = 1_000;

/**
 * Returns the last time, not after `before`, that a schedule names, in milliseconds since the epoch. A job does not say for
 * which tick pg-boss has made it, but it is made within the minute of its tick.
 */
export function lastTick(
  ticksAfter: (options: PreviewScheduleOptions) => Date[],
  tz: string,
  before: Date,
): number | undefined {
  for (const minutes of BACK_MINUTES) {
    const from = new Date(before.getTime() - minutes * MINUTE_MS);
    const past = ticksAfter({ tz, from, count: MOST }).filter((tick) => tick <= before);
    const last = past.at(-1);
    if (last !== undefined) return last.getTime();
  }
  return undefined;
}
