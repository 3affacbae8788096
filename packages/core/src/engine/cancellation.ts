import type { FailureRecord } from "../store/checkpoint-store.ts";

/** The failure of an execution that was cancelled. */
export function cancellation(reason?: string): FailureRecord {
  const message = reason === undefined ? "The execution was cancelled." : `The execution was cancelled: ${reason}`;
  return { code: "EXECUTION_CANCELLED", message };
}
