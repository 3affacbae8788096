const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/**
 * How far back the first look for a tick goes. Each further one goes back twice as far.
 *
 * - Further than a clock is set back: a list that begins after the first of two times of the same name would have the second
 *   one as a tick, and a daily schedule would start twice on that day.
 */
const FIRST_LOOK_MS = 3 * HOUR_MS;
/** How far back a tick is looked for: eight years may be between two of them, on 29 February. */
const LAST_LOOK_MS = 9 * 366 * DAY_MS;
/** The most ticks that are listed at once: those of a rare schedule cost up to some milliseconds each. */
const MOST = 10;

/** Lists the first `count` times after `from` that an expression names in a time zone; fewer if there are no more. */
export type TicksAfter = (query: { tz: string; from: Date; count: number }) => Date[];

/** Returns the last time, not after `before`, that a schedule names, in milliseconds since the epoch. */
export function lastTick(ticksAfter: TicksAfter, tz: string, before: Date): number | undefined {
  for (let lookMs = FIRST_LOOK_MS; lookMs <= 2 * LAST_LOOK_MS; lookMs *= 2) {
    let last: Date | undefined;
    for (let from = new Date(before.getTime() - lookMs); ; ) {
      const ticks = ticksAfter({ tz, from, count: MOST });
      const past = ticks.filter((tick) => tick <= before);
      last = past.at(-1) ?? last;
      // There are more of them than were listed.
      if (past.length < MOST || last === undefined) break;
      from = last;
    }
    if (last !== undefined) return last.getTime();
  }
  return undefined;
}
