import type { RetryPolicy, WorkflowNode } from "../definition/schema.ts";
import { isNonRetryableError, isRetryAfterError } from "../errors.ts";
import type { FailureRecord } from "../store/checkpoint-store.ts";
import type { LimitFacts } from "./decide.ts";

/** A retry policy with its defaults filled in. Without `retryOn` every error is tried again. */
export type ResolvedRetryPolicy = Required<Omit<RetryPolicy, "retryOn">> & Pick<RetryPolicy, "retryOn">;

const DEFAULT_RETRY: ResolvedRetryPolicy = {
  maxAttempts: 1,
  backoffMs: 1_000,
  backoffFactor: 2,
  maxBackoffMs: 60_000,
  jitter: 0.1,
  onCrash: "retry",
};

/** The longest wait that a RetryAfterError can ask for, in milliseconds: a day. */
const MAX_RETRY_AFTER_MS = 86_400_000;

/** Codes of failures that another attempt cannot mend. */
const PERMANENT = new Set([
  "NODE_RESULT_INVALID",
  "CONTEXT_READ_ONLY",
  "CONTEXT_CONFLICT",
  "STATE_NOT_SERIALIZABLE",
  "PAYLOAD_TOO_LARGE",
  "INPUT_INVALID",
  "NESTING_LIMIT",
  "WORKFLOW_CONTAINS_ITSELF",
]);

/** A node's policy: its own, else the engine's, else one attempt. An `undefined` in a policy counts as absent. */
export function resolveRetry(node: RetryPolicy | undefined, engine: RetryPolicy | undefined): ResolvedRetryPolicy {
  const resolved: ResolvedRetryPolicy = { ...DEFAULT_RETRY };
  for (const policy of [engine ?? {}, node ?? {}]) {
    for (const [name, value] of Object.entries(policy))
      if (value !== undefined) Object.assign(resolved, { [name]: value });
  }
  return resolved;
}

/**
 * Milliseconds to wait before the next attempt; `undefined` if there is none.
 *
 * - Exponential backoff: `backoffMs · backoffFactor^(failures − 1)`, at most `maxBackoffMs`, less a random share of its
 *   part `jitter`, so that what failed together does not come back together. A RetryAfterError's own wait replaces it, up
 *   to a day, in full.
 * - `failure.code` is the engine's own, so that a node cannot choose it; `retryOn` also looks at the error's own.
 * - `failures` counts the failed attempts of the visit, this one included. `random` is from 0 to 1.
 */
export function retryDelay(
  policy: ResolvedRetryPolicy,
  failed: { failure: FailureRecord; thrown: unknown; failures: number; random: number },
): number | undefined {
  const { failure, thrown, failures, random } = failed;
  if (failures >= policy.maxAttempts || PERMANENT.has(failure.code) || isNonRetryableError(thrown)) return undefined;
  if (!mayBeRetried(policy, failure)) return undefined;
  // A large factor soon is infinite, and no wait times that is no number.
  const factor = Math.min(policy.backoffFactor ** (failures - 1), Number.MAX_VALUE);
  const backoffMs = Math.min(policy.maxBackoffMs, policy.backoffMs * factor);
  return askedWaitMs(thrown) ?? backoffMs * (1 - policy.jitter * random);
}

function mayBeRetried({ retryOn }: ResolvedRetryPolicy, { code, errorCode, name }: FailureRecord): boolean {
  if (retryOn === undefined) return true;
  return [code, errorCode, name].some((each) => each !== undefined && retryOn.includes(String(each)));
}

/** The wait that a RetryAfterError asks for. What it holds may have been changed since it was made, or not be readable. */
function askedWaitMs(thrown: unknown): number | undefined {
  if (!isRetryAfterError(thrown)) return undefined;
  try {
    const ms: unknown = thrown.retryAfterMs;
    return typeof ms === "number" && ms >= 0 ? Math.min(ms, MAX_RETRY_AFTER_MS) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Decides what a run does before an attempt that is not due yet: it waits, or stops and leaves the execution pending.
 *
 * - `holdMs`: the longest wait, in milliseconds, for which the run keeps the execution.
 */
export function beforeRetry(facts: LimitFacts & { waitMs: number; holdMs: number }): "wait" | "stop" | "fail" | "lost" {
  const { interruption, isStopping, waitMs, holdMs, elapsedMs, budgetMs } = facts;
  if (interruption === "lost") return "lost";
  if (interruption === "timeout") return "fail";
  if (interruption === "aborted" || isStopping || waitMs > holdMs) return "stop";
  return budgetMs !== undefined && elapsedMs + waitMs >= budgetMs ? "stop" : "wait";
}

/**
 * Decides what follows a failed attempt.
 *
 * - `cut off`: the caller's abort ended it, which says nothing about the node.
 * - `pass over`: the node has failed for good, and its error policy lets the execution continue.
 */
export function afterFailure(
  facts: Pick<LimitFacts, "interruption"> & { delayMs: number | undefined; onError?: WorkflowNode["onError"] },
): "retry" | "fail" | "pass over" | "cut off" | "lost" {
  const { interruption, delayMs, onError = "fail" } = facts;
  if (interruption === "lost") return "lost";
  if (interruption === "aborted") return "cut off";
  if (interruption === "timeout") return "fail";
  if (delayMs !== undefined) return "retry";
  return onError === "fail" ? "fail" : "pass over";
}
