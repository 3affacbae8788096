import type { WorkflowStatus } from "../store/checkpoint-store.ts";

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
