import { isWorkflowError } from "../errors.ts";
import type { FailureRecord } from "../store/checkpoint-store.ts";

/** The failure of an execution that was cancelled. */
export function cancellation(reason?: string): FailureRecord {
  const message = reason === undefined ? "The execution was cancelled." : `The execution was cancelled: ${reason}`;
  return { code: "EXECUTION_CANCELLED", message };
}

/** Returns true if a claim was refused because the execution was cancelled before. */
export function isRefusedAsCancelled(error: unknown): boolean {
  return isWorkflowError(error, "INVALID_STATUS") && error.details.status === "cancelled";
}
