import { type ExecutionRecord, listed, quoted, WorkflowError } from "@waymark/core";
import { unavailable } from "./translate-error.ts";

/** The error for a `dropBefore` that names no snapshot. */
export function noSnapshot(id: string, dropBefore: number | undefined): WorkflowError {
  return new WorkflowError(
    "INVALID_ARGUMENT",
    `dropBefore must be the number of a snapshot, which ${dropBefore} is not.`,
    { executionId: id, details: { argument: "dropBefore", dropBefore } },
  );
}

/** The error if others change an execution faster than this call can follow. */
export function keepsChanging(id: string): WorkflowError {
  return unavailable("conflict", `Execution ${quoted(id)} changed each time it was looked at.`, { executionId: id });
}

/** The error for an execution whose head cannot be read, or does not fit its history. */
export function damaged(id: string, { unreadable = [] }: Pick<ExecutionRecord, "unreadable"> = {}): WorkflowError {
  const why =
    unreadable.length > 0 ? `its head has no sound ${listed(unreadable)}` : "its head does not fit its history";
  return new WorkflowError("STATE_CORRUPT", `Execution ${quoted(id)} is damaged: ${why}. It can be deleted.`, {
    executionId: id,
    details: { unreadable },
  });
}
