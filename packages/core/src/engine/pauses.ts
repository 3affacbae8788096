/**
 * Milliseconds until a watch looks again at an execution that no run of this engine works on: 250, half as much again
 * after each look that shows no change, at most 5,000.
 */
export function nextLookMs(looksWithoutChange: number): number {
  return Math.min(5_000, 250 * 1.5 ** looksWithoutChange);
}

/**
 * Milliseconds until a recovery looks again at an execution that its engine cannot run: the interval, doubled with each
 * try, up to ten minutes.
 */
export function recoveryPauseMs(tries: number, intervalMs: number): number {
  return Math.min(600_000, intervalMs * 2 ** Math.min(tries, 30));
}

/**
 * Milliseconds that a recovery rests between two looks: the interval, and up to a tenth of it, half a second at most.
 *
 * - `random` is from 0 to 1.
 */
export function recoveryRestMs(intervalMs: number, random: number): number {
  return intervalMs + Math.min(500, intervalMs / 10) * random;
}
