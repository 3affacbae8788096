import type { Clock } from "../clock.ts";
import { isWorkflowError, WorkflowError } from "../errors.ts";
import { safeError } from "../safe-error.ts";
import type { CheckpointStore } from "../store/checkpoint-store.ts";
import { interceptStore } from "../store/intercept-store.ts";

/** How long a call of a store is tried again while the store cannot be reached. */
export interface Patience {
  clock: Clock;
  /** Milliseconds from the first failure to the last try. */
  storeRetryMs: number;
  /** The limits of the run that makes the call, if it has any. */
  limits?: WaitLimits | undefined;
}

/** What may end a run's wait for its store. */
export interface WaitLimits {
  /** Calls back once, when waiting must end; returns a function that ends the watch. */
  onCutOff(callback: () => void): () => void;
}

/** The tries of a call of a store. */
export interface Tries {
  /** When no further try is made, by `clock.elapsed()`. It is asked before each one. Default: `storeRetryMs` after the first failure. */
  giveUpAtMs?: () => number;
  /** The first try, if the caller has made it and it has failed. */
  failed?: { error: unknown } | undefined;
}

const FIRST_DELAY_MS = 50;
const MAX_DELAY_MS = 2_000;

/**
 * Milliseconds before the next try: 50, doubled for each try before it, at most 2,000; of that a random part between
 * half and all, so that the executions of a process do not all come back at once ("equal jitter", AWS Architecture
 * Blog, 2015).
 *
 * @param random From 0 to 1.
 */
function storeRetryDelay(tries: number, random: number): number {
  return Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** tries) * (0.5 + random / 2);
}

/**
 * Calls a store, and calls it again while it cannot be reached.
 *
 * - A repetition is harmless: every call that writes carries an id that the store knows again.
 * - An error without a code, which no store should give, becomes STORE_UNAVAILABLE and is not tried again.
 *
 * @throws {WorkflowError} what the last try threw; STORE_UNAVAILABLE if the run's limits cut the wait off
 */
export function callStore<T>(patience: Patience, call: () => Promise<T>, tries: Tries = {}): Promise<T> {
  const { limits } = patience;
  if (limits === undefined) return untilAnswered(patience, call, tries);
  const wait: Wait = {};
  return answerWithin(limits, untilAnswered(patience, call, tries, wait), () => {
    wait.isOver = true;
    wait.cancelSleep?.();
  });
}

/** The wait for a store's answer. */
interface Wait {
  isOver?: true;
  cancelSleep?: () => void;
}

async function untilAnswered<T>(
  { clock, storeRetryMs }: Patience,
  call: () => Promise<T>,
  { giveUpAtMs, failed }: Tries,
  wait?: Wait,
): Promise<T> {
  let failedMs: number | undefined;
  for (let tries = 0; ; tries++) {
    try {
      if (tries === 0 && failed !== undefined) throw failed.error;
      return await call();
    } catch (error) {
      if (!isWorkflowError(error)) throw uncoded(error);
      failedMs ??= clock.elapsed();
      const leftMs = (giveUpAtMs?.() ?? failedMs + storeRetryMs) - clock.elapsed();
      if (error.code !== "STORE_UNAVAILABLE" || wait?.isOver === true || !(leftMs > 0)) throw error;
      await new Promise<void>((resolve) => {
        const cancel = clock.schedule(Math.min(leftMs, storeRetryDelay(tries, Math.random())), resolve);
        if (wait !== undefined) wait.cancelSleep = cancel;
      });
    }
  }
}

/** Waits for a store's answer within a run's limits. @throws {WorkflowError} STORE_UNAVAILABLE if they are over before */
export function answerWithin<T>(limits: WaitLimits, answer: Promise<T>, onCutOff?: () => void): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const unwatch = limits.onCutOff(() => {
      onCutOff?.();
      reject(new WorkflowError("STORE_UNAVAILABLE", "The store had not answered when the run's time was up."));
    });
    answer.then(resolve, reject).finally(unwatch);
  });
}

/** A store whose calls are tried again while it cannot be reached. */
export function retryStore(store: CheckpointStore, patience: Patience): CheckpointStore {
  return interceptStore(store, (_method, call) => callStore(patience, call));
}

function uncoded(error: unknown): WorkflowError {
  const cause = safeError(error);
  return new WorkflowError("STORE_UNAVAILABLE", `The store failed without a code: ${cause.message}`, { cause });
}
