import type { NodeRun } from "../state/node-run.ts";
import type { FailureRecord } from "../store/checkpoint-store.ts";
import { afterFailure, resolveRetry, retryDelay } from "./decide.ts";
import { nodeFailure } from "./node-failure.ts";
import type { RunParts } from "./run-parts.ts";
import type { PreparedStep } from "./workflow-catalog.ts";

/** A failed attempt, and what follows from it. */
export interface JudgedFailure {
  failure: FailureRecord;
  thrown: unknown;
  /** The failed attempts of the visit, this one included. */
  failures: number;
  /** Milliseconds until the next attempt; `undefined` if there is none. */
  delayMs: number | undefined;
  decision: ReturnType<typeof afterFailure>;
}

/**
 * Decides what follows a failed attempt of a node.
 *
 * - `given`: the context that it was given.
 * - `isFinal`: it is not tried again.
 */
export function judgeFailure(
  { journal, interrupts, contextMode, random, retry }: RunParts,
  failed: { step: PreparedStep; run: NodeRun; attempt: number; given: Record<string, unknown> },
  error: unknown,
  { isFinal }: { isFinal: boolean },
): JudgedFailure {
  const { step, run, attempt, given } = failed;
  const { nodeId } = run;
  const readOnlyContext = contextMode === "frozen" ? given : undefined;
  const { record: failure, thrown } = nodeFailure(
    { nodeId, nodeName: step.nodeName, attempts: attempt, readOnlyContext },
    error,
  );
  const failures = (journal.progress.attempts.get(nodeId)?.failures ?? 0) + 1;
  const policy = resolveRetry(step.node.retry, retry);
  const delayMs = isFinal ? undefined : retryDelay(policy, { failure, thrown, failures, random: random() });
  const decision = afterFailure({ interruption: interrupts.kind, delayMs, onError: step.node.onError });
  return { failure, thrown, failures, delayMs, decision };
}
