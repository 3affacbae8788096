import type { NodeRun } from "../state/node-run.ts";
import type { RecordParts } from "../state/progress.ts";
import type { FailureRecord } from "../store/checkpoint-store.ts";
import { unfinishedOf } from "./child-outcome.ts";
import { afterFailure, resolveRetry, retryDelay } from "./decide-failure.ts";
import { nodeFailure } from "./node-failure.ts";
import type { PreparedStep } from "./prepared-workflow.ts";
import { usedAttempts } from "./retried-children.ts";
import type { RunParts } from "./run-parts.ts";

/** A failed attempt, and what follows from it. */
export interface JudgedFailure {
  failure: FailureRecord;
  thrown: unknown;
  /** The failed attempts of the visit, this one included. */
  failures: number;
  /** Milliseconds until the next attempt; `undefined` if there is none. */
  delayMs: number | undefined;
  /** When the next attempt is due, in milliseconds since the epoch by the store's clock. */
  atMs: number;
  decision: ReturnType<typeof afterFailure>;
  /** The attempt, if its number is used should it be cut off. */
  used: NonNullable<RecordParts["attempts"]>;
  /** If a child has not ended: when to look again, in milliseconds since the epoch. Absent: at once. */
  lookAt: number | undefined;
}

/**
 * Decides what follows a failed attempt of a node.
 *
 * - `given`: the context that it was given.
 * - `isFinal`: it is not tried again.
 */
export function judgeFailure(
  { workflow, journal, interrupts, contextMode, random, retry }: RunParts,
  failed: { step: PreparedStep; run: NodeRun; attempt: number; given: Record<string, unknown> },
  error: unknown,
  { isFinal }: { isFinal: boolean },
): JudgedFailure {
  const { step, run, attempt, given } = failed;
  const { nodeId } = run;
  const unfinished = unfinishedOf(error);
  const cause = unfinished !== undefined && interrupts.kind === "timeout" ? interrupts.reason : error;
  const readOnlyContext = contextMode === "frozen" ? given : undefined;
  const failureBy = (by: unknown) =>
    nodeFailure({ nodeId, nodeName: step.nodeName, attempts: attempt, readOnlyContext }, by);
  let { record: failure, thrown } = failureBy(cause);
  const failures = (journal.progress.attempts.get(nodeId)?.failures ?? 0) + 1;
  const policy = resolveRetry(step.node.retry, retry);
  const delayMs = isFinal ? undefined : retryDelay(policy, { failure, thrown, failures, random: random() });
  // That of a child is never before the child's end, so that a later run knows its failure as reported.
  const isAtOnce = delayMs === 0 && step.child === undefined;
  const atMs = isAtOnce ? journal.storeNow() : Math.ceil(journal.storeNowAtMost() + (delayMs ?? 0));
  const interruption = interrupts.kind ?? (unfinished === undefined ? undefined : "aborted");
  const { onError = "fail" } = step.node;
  const decision = afterFailure({ interruption, delayMs, onError });
  // Without the end of the run's time, the execution would have continued: that is what ends it.
  if (interruption === "timeout" && (delayMs !== undefined || onError !== "fail")) {
    ({ record: failure, thrown } = failureBy(interrupts.reason));
  }
  const used = usedAttempts(workflow, journal.progress, [{ nodeId, attempt }]);
  return { failure, thrown, failures, delayMs, atMs, decision, used, lookAt: unfinished?.wakeAt };
}
