import type { RetryPolicy } from "../definition/schema.ts";
import { isNonRetryableError, isRetryAfterError } from "../errors.ts";

/** A retry policy with its defaults filled in. */
export type ResolvedRetryPolicy = Required<RetryPolicy>;

const DEFAULT_RETRY: ResolvedRetryPolicy = { maxAttempts: 1, backoffMs: 1_000, backoffFactor: 2, maxBackoffMs: 60_000 };

/** The longest wait that a RetryAfterError can ask for, in milliseconds: a day. */
const MAX_RETRY_AFTER_MS = 86_400_000;

/** Codes of failures that another attempt cannot mend. */
const PERMANENT = new Set(["NODE_RESULT_INVALID", "CONTEXT_READ_ONLY", "STATE_NOT_SERIALIZABLE", "PAYLOAD_TOO_LARGE"]);

/** A node's policy: its own, else the engine's, else one attempt. An `undefined` in a policy counts as absent. */
export function resolveRetry(node: RetryPolicy | undefined, engine: RetryPolicy | undefined): ResolvedRetryPolicy {
  const resolved = { ...DEFAULT_RETRY };
  for (const policy of [engine ?? {}, node ?? {}]) {
    for (const key of Object.keys(resolved) as (keyof RetryPolicy)[]) resolved[key] = policy[key] ?? resolved[key];
  }
  return resolved;
}

/**
 * Milliseconds to wait before the next attempt; `undefined` if there is none.
 *
 * - Exponential backoff: `backoffMs · backoffFactor^(attempts − 1)`, at most `maxBackoffMs`. A RetryAfterError's own
 *   wait replaces it, up to a day.
 * - `code` is the engine's own for the failure, so that a node cannot choose it.
 * - `attemptsInRun` counts those of this run, the failed one included.
 */
export function retryDelay(
  policy: ResolvedRetryPolicy,
  failed: { code: string; thrown: unknown; attemptsInRun: number },
): number | undefined {
  const { code, thrown, attemptsInRun } = failed;
  if (attemptsInRun >= policy.maxAttempts || PERMANENT.has(code) || isNonRetryableError(thrown)) return undefined;
  const backoffMs = Math.min(policy.maxBackoffMs, policy.backoffMs * policy.backoffFactor ** (attemptsInRun - 1));
  return askedWaitMs(thrown) ?? backoffMs;
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
 * Milliseconds until a watch looks again at an execution that no run of this engine works on: 250, half as much again
 * after each look that shows no change, at most 5,000.
 */
export function nextLookMs(looksWithoutChange: number): number {
  return Math.min(5_000, 250 * 1.5 ** looksWithoutChange);
}

/** Why a run ends before its next node. */
export type Interruption = "timeout" | "aborted" | "lost";

/** What to do between two nodes. Times are milliseconds since the run was asked for. */
export function beforeNode(facts: {
  interruption: Interruption | undefined;
  hasNext: boolean;
  elapsedMs: number;
  budgetMs: number | undefined;
}): "run" | "complete" | "stop" | "fail" | "lost" {
  const { interruption, hasNext, elapsedMs, budgetMs } = facts;
  if (interruption === "lost") return "lost";
  if (!hasNext) return "complete";
  if (interruption === "timeout") return "fail";
  if (interruption === "aborted") return "stop";
  return budgetMs !== undefined && elapsedMs >= budgetMs ? "stop" : "run";
}

/** What to do with a node that has failed. Times are milliseconds since the run was asked for. */
export function afterFailure(facts: {
  interruption: Interruption | undefined;
  delayMs: number | undefined;
  elapsedMs: number;
  budgetMs: number | undefined;
}): "retry" | "fail" | "stop" | "lost" {
  const { interruption, delayMs, elapsedMs, budgetMs } = facts;
  if (interruption === "lost") return "lost";
  if (interruption === "aborted") return "stop";
  if (interruption === "timeout" || delayMs === undefined) return "fail";
  return budgetMs !== undefined && elapsedMs + delayMs >= budgetMs ? "stop" : "retry";
}

/** Codes that a store refuses a commit with if the execution is another owner's now. */
const LOST: ReadonlySet<string> = new Set(["LEASE_LOST", "VERSION_CONFLICT", "INVALID_STATUS"]);

/** Codes of the store that the call throws. */
const LEAVES: ReadonlySet<string> = new Set(["STORE_UNAVAILABLE", "STORE_CLOSED", "EXECUTION_NOT_FOUND"]);

/**
 * What to do with a run whose last commit the store refused: throw the error, report that the execution is lost, or
 * throw that the store takes no record.
 */
export function afterRefusal(code: string): "throw" | "lost" | "refused" {
  if (LEAVES.has(code)) return "throw";
  return LOST.has(code) ? "lost" : "refused";
}

/**
 * Returns true if a resume must look at the history before it claims: it may leave a wait alone, or be refused. Any other
 * resume runs whatever is next.
 */
export function looksBeforeClaim(facts: { status: string; nodeId: string | undefined; hasData: boolean }): boolean {
  return facts.hasData || facts.nodeId !== undefined || facts.status === "suspended";
}

/**
 * What a resume does with an execution, by what it was called with.
 *
 * - `rest`: nothing is written: only a wait is left, and the call does not answer it.
 * - `refuse`: the call answers, or names a node, and that is not what waits.
 */
export function onResume(facts: {
  status: string;
  /** The node that runs next. */
  next: string | undefined;
  /** The node that an answer is kept for. */
  answered: string | undefined;
  nodeId: string | undefined;
  hasData: boolean;
}): "run" | "rest" | "refuse" {
  const { status, next, answered, nodeId, hasData } = facts;
  if (nodeId !== undefined && nodeId !== next) return "refuse";
  const waits = next !== undefined && (status === "suspended" || answered === next);
  if (hasData) return waits ? "run" : "refuse";
  return status === "suspended" && next !== undefined ? "rest" : "run";
}
