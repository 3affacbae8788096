import type { RetryPolicy } from "../definition/schema.ts";
import { isNonRetryableError, isRetryAfterError, isWorkflowError } from "../errors.ts";

/** A retry policy with its defaults filled in. */
export type ResolvedRetryPolicy = Required<RetryPolicy>;

const DEFAULT_RETRY: ResolvedRetryPolicy = { maxAttempts: 1, backoffMs: 1_000, backoffFactor: 2, maxBackoffMs: 60_000 };

/** Codes of failures that another attempt cannot mend. */
const PERMANENT = new Set(["NODE_RESULT_INVALID", "CONTEXT_READ_ONLY", "STATE_NOT_SERIALIZABLE", "PAYLOAD_TOO_LARGE"]);

/** A node's policy: its own, else the engine's, else one attempt. */
export function resolveRetry(node: RetryPolicy | undefined, engine: RetryPolicy | undefined): ResolvedRetryPolicy {
  return { ...DEFAULT_RETRY, ...engine, ...node };
}

/**
 * How many milliseconds to wait before the next attempt; `undefined` where there is none.
 *
 * - Exponential backoff: `backoffMs · backoffFactor^(attempts − 1)`, at most `maxBackoffMs`. A RetryAfterError's own
 *   wait replaces it.
 * - `attemptsInRun` counts those of this run, the failed one included.
 */
export function retryDelay(policy: ResolvedRetryPolicy, error: unknown, attemptsInRun: number): number | undefined {
  if (attemptsInRun >= policy.maxAttempts || isNonRetryableError(error)) return undefined;
  if (isWorkflowError(error) && PERMANENT.has(error.code)) return undefined;
  if (isRetryAfterError(error)) return error.retryAfterMs;
  return Math.min(policy.maxBackoffMs, policy.backoffMs * policy.backoffFactor ** (attemptsInRun - 1));
}

/** Why a run ends before its next node. */
export type Interruption = "timeout" | "aborted" | "lost";

/** What to do between two nodes. */
export function beforeNode(facts: {
  interruption: Interruption | undefined;
  hasNext: boolean;
  nowMs: number;
  budgetEndsMs: number | undefined;
}): "run" | "complete" | "stop" | "fail" | "lost" {
  const { interruption, hasNext, nowMs, budgetEndsMs } = facts;
  if (interruption === "lost") return "lost";
  if (!hasNext) return "complete";
  if (interruption === "timeout") return "fail";
  if (interruption === "aborted") return "stop";
  return budgetEndsMs !== undefined && nowMs >= budgetEndsMs ? "stop" : "run";
}

/** What to do with a node that has failed. */
export function afterFailure(facts: {
  interruption: Interruption | undefined;
  delayMs: number | undefined;
  nowMs: number;
  budgetEndsMs: number | undefined;
}): "retry" | "fail" | "stop" | "lost" {
  const { interruption, delayMs, nowMs, budgetEndsMs } = facts;
  if (interruption === "lost") return "lost";
  if (interruption === "aborted") return "stop";
  if (interruption === "timeout" || delayMs === undefined) return "fail";
  return budgetEndsMs !== undefined && nowMs + delayMs >= budgetEndsMs ? "stop" : "retry";
}
