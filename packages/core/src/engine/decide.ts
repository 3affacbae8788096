import type { RetryPolicy, WorkflowNode } from "../definition/schema.ts";
import { isNonRetryableError, isRetryAfterError } from "../errors.ts";
import type { FailureRecord, WorkflowStatus } from "../store/checkpoint-store.ts";

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

/** Returns true if a node must not start again after a crash has cut it off: `onCrash` is "fail", as in {@link resolveRetry}. */
export function startsOnce(node: RetryPolicy | undefined, engine: RetryPolicy | undefined): boolean {
  return (node?.onCrash ?? engine?.onCrash) === "fail";
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

/** The longest wait for a node's next attempt, in milliseconds, for which a recovered run keeps its execution. */
export const RECOVERY_HOLD_MS = 1_000;

/** Decides what a call with `ifExists` does with an execution that exists. */
export function onJoin(facts: {
  status: WorkflowStatus;
  /** True if the call also resumes an execution that has failed or is pending. */
  resumes: boolean;
  leaseExpired: boolean;
}): "recorded" | "resume" | "wait" {
  const { status, resumes, leaseExpired } = facts;
  if (status === "running") return leaseExpired ? "resume" : "wait";
  if (status === "pending") return resumes ? "resume" : "wait";
  return status === "failed" && resumes ? "resume" : "recorded";
}

/** The reason for which a run ends before its next node. */
export type Interruption = "timeout" | "aborted" | "lost";

/** The limits of a run as they stand. Times are milliseconds since the run was asked for. */
export interface LimitFacts {
  interruption: Interruption | undefined;
  /** The engine is draining: no further node is to start. */
  isStopping: boolean;
  elapsedMs: number;
  budgetMs: number | undefined;
}

/** Decides what a run does between two nodes. */
export function beforeNode(
  facts: LimitFacts & { hasNext: boolean; isWaiting: boolean },
): "run" | "complete" | "suspend" | "stop" | "fail" | "lost" {
  const { interruption, hasNext, isWaiting, isStopping, elapsedMs, budgetMs } = facts;
  if (interruption === "lost") return "lost";
  if (!hasNext) return isWaiting ? "suspend" : "complete";
  if (interruption === "timeout") return "fail";
  if (interruption === "aborted" || isStopping) return "stop";
  return budgetMs !== undefined && elapsedMs >= budgetMs ? "stop" : "run";
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
 *
 * - `wakeAt` and `now` are milliseconds since the epoch, by the store's clock.
 */
export function looksBeforeClaim(facts: {
  status: WorkflowStatus;
  nodeId: string | undefined;
  hasData: boolean;
  wakeAt: number | undefined;
  now: number;
}): boolean {
  const { status, nodeId, hasData, wakeAt = 0, now } = facts;
  return hasData || nodeId !== undefined || status === "suspended" || (status === "pending" && wakeAt > now);
}

/** The next steps of an execution, as a resume finds them. */
export interface Standing {
  status: WorkflowStatus;
  /** The node that runs next; the nodes that wait are passed over. */
  next: string | undefined;
  /** Milliseconds until its next attempt is due; 0 if the head says that the execution is. */
  retryInMs: number;
  /** The nodes that wait for an answer and whose time is not over. */
  waiting: readonly string[];
  /** A node's time to wait is over. */
  hasTimedOut: boolean;
  /** The nodes that have an answer and have not completed. A newer answer replaces it. */
  answered: readonly string[];
}

/** The arguments of a resume that decide what it does. */
export interface ResumeFacts {
  nodeId: string | undefined;
  hasData: boolean;
  /** The longest wait for an attempt, in milliseconds, for which the caller keeps the execution. */
  holdMs: number;
}

/**
 * Decides what a resume does with an execution.
 *
 * - `answer`: the call's data is for this node.
 * - `rest`: nothing is written: only waits are left, and the call answers none; or the next attempt is not due.
 * - `refuse`: the call answers, or names a node, and nothing waits there.
 * - `name a node`: several nodes take an answer; one whose kept answer would be replaced is one of them.
 */
export function onResume(
  { status, next, retryInMs, waiting, hasTimedOut, answered }: Standing,
  { nodeId, hasData, holdMs }: ResumeFacts,
): { what: "answer"; nodeId: string } | { what: "run" | "rest" | "refuse" | "name a node" } {
  if (hasData) {
    const open = [...waiting, ...answered];
    if (nodeId !== undefined) {
      const isOpen = waiting.includes(nodeId) || answered.includes(nodeId);
      return isOpen ? { what: "answer", nodeId } : { what: "refuse" };
    }
    const [only] = open;
    if (only === undefined) return { what: "refuse" };
    return open.length === 1 ? { what: "answer", nodeId: only } : { what: "name a node" };
  }
  if (nodeId !== undefined && nodeId !== next && !waiting.includes(nodeId)) return { what: "refuse" };
  if (hasTimedOut) return { what: "run" };
  if (next === undefined) return { what: status === "suspended" && waiting.length > 0 ? "rest" : "run" };
  return { what: status === "pending" && retryInMs > holdMs ? "rest" : "run" };
}
