import type { WorkflowStatus } from "../store/checkpoint-store.ts";

/*
 * What may be done with an execution, by its status. The engine's calls and WorkflowState decide by the same lists.
 */

/** The statuses from which an execution can be claimed to continue; a running one only if its lease has lapsed. */
export const RESUMABLE: readonly WorkflowStatus[] = ["pending", "failed", "suspended", "running"];

/** The statuses from which an execution is recovered: what has failed waits for a person. */
export const RECOVERABLE: readonly WorkflowStatus[] = ["pending", "suspended", "running"];

/** The statuses from which an execution can be cancelled. */
export const CANCELLABLE: readonly WorkflowStatus[] = ["pending", "running", "suspended", "failed"];

/** Returns true if a resume without an answer would run something. A suspended execution waits for its answer. */
export function canResume(status: WorkflowStatus, leaseExpired = false): boolean {
  return status === "running" ? leaseExpired : status === "pending" || status === "failed";
}
