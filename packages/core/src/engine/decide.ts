import type { RetryPolicy } from "../definition/schema.ts";

/** Returns true if a node must not start again after a crash has cut it off: `onCrash` is "fail", as in `resolveRetry`. */
export function startsOnce(node: RetryPolicy | undefined, engine: RetryPolicy | undefined): boolean {
  return (node?.onCrash ?? engine?.onCrash) === "fail";
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
