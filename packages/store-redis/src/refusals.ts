import { WorkflowError } from "@waymark/core";

/** The error for a `dropBefore` that names no snapshot. */
export function noSnapshot(id: string, dropBefore: number | undefined): WorkflowError {
  return new WorkflowError(
    "INVALID_ARGUMENT",
    `dropBefore must be the number of a snapshot, which ${dropBefore} is not.`,
    { executionId: id, details: { argument: "dropBefore", dropBefore } },
  );
}

/** The error where others change an execution faster than one can follow. */
export function keepsChanging(id: string): WorkflowError {
  return new WorkflowError("STORE_UNAVAILABLE", `Execution "${id}" changed each time it was looked at.`, {
    executionId: id,
    details: { reason: "conflict" },
  });
}
