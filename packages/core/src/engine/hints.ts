import type { Clock } from "../clock.ts";
import { safeError } from "../safe-error.ts";
import type { Journal } from "../state/journal.ts";
import type { ExecutionRecord } from "../store/checkpoint-store.ts";
import type { Dispatcher, EnqueueOptions } from "./dispatcher.ts";
import type { Emitter } from "./emitter.ts";
import { engineEvents } from "./engine-events.ts";
import type { Hint } from "./engine-parts.ts";
import type { RunEnd } from "./run-parts.ts";

/** The longest that a call waits for the queue, in milliseconds. */
const MAX_WAIT_MS = 1_000;

/**
 * Tells a queue that an execution wants to run.
 *
 * - Never rejects: an execution that the queue does not know is found in the store. What went wrong is emitted.
 * - In a transaction the caller waits for as long as it takes, because its next statement is the COMMIT. Otherwise a
 *   caller waits for a second at most, and the job is added in the background.
 * - Resolves to false if the queue has not taken the job by then.
 */
export async function hint(
  { dispatcher, clock, emitter }: { dispatcher: Dispatcher; clock: Clock; emitter: Emitter },
  executionId: string,
  options: EnqueueOptions,
): Promise<boolean> {
  // In a function of its own: a dispatcher of the user's may throw instead of rejecting.
  const added = (async () => dispatcher.enqueue(executionId, options))().then(
    () => true,
    (error: unknown) => {
      engineEvents(emitter, clock)({ type: "dispatch.failed", executionId, message: safeError(error).message });
      return false;
    },
  );
  if (options.transaction !== undefined) return added;
  let cancel: (() => void) | undefined;
  const isSlow = new Promise<false>((resolve) => {
    cancel = clock.schedule(MAX_WAIT_MS, () => resolve(false));
  });
  return Promise.race([added, isSlow]).finally(() => cancel?.());
}

/** Tells the queue when the wait of a run that has ended will be over. */
export async function hintTimer(
  hintOf: Hint,
  { journal, record }: { journal: Journal; record: ExecutionRecord },
  end: RunEnd,
): Promise<void> {
  if (end.status !== "pending" && end.status !== "suspended") return;
  if (end.status === "suspended" && end.wakeAt === undefined) return;
  const delayMs = Math.max(0, (end.wakeAt ?? 0) - journal.storeNow());
  await hintOf(journal.executionId, { tenant: record.userId, delayMs });
}
