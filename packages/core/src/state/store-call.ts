import type { Clock } from "../clock.ts";
import { isWorkflowError } from "../errors.ts";

/** Milliseconds before each further try. */
const RETRY_DELAYS_MS = [50, 250, 1_000];

/**
 * Calls a store, and again where it could not be reached.
 *
 * - Every call that writes carries an id that makes a repetition harmless, so a lost answer is safe to ask for again.
 * - Four tries in all; what the last one rejects with is passed on.
 */
export async function callStore<T>(clock: Clock, call: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await call();
    } catch (error) {
      const delayMs = RETRY_DELAYS_MS[tries];
      if (delayMs === undefined || !isWorkflowError(error, "STORE_UNAVAILABLE")) throw error;
      await new Promise<void>((resolve) => clock.schedule(delayMs, resolve));
    }
  }
}
