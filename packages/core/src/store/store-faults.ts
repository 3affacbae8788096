import { isWorkflowError, WorkflowError, type WorkflowErrorOptions } from "../errors.ts";
import { quoted } from "../text.ts";

/** All kinds of store faults: the values of `details.reason` in a STORE_UNAVAILABLE error. */
export const STORE_FAULTS = [
  "authentication",
  "busy",
  "cluster",
  "conflict",
  "connection",
  "connections_exhausted",
  "database_missing",
  "disk_full",
  "folder",
  "folder_in_use",
  "loading",
  "not_primary",
  "out_of_memory",
  "permission",
  "persistence",
  "read_only",
  "schema",
  "server",
  "server_too_old",
  "timeout",
  "tls",
  "write_concern",
] as const;

/** A kind of store fault. */
export type StoreFault = (typeof STORE_FAULTS)[number];

/** Returns a STORE_UNAVAILABLE error of the given kind. */
export function unavailable(reason: StoreFault, message: string, options: WorkflowErrorOptions = {}): WorkflowError {
  return new WorkflowError("STORE_UNAVAILABLE", message, { ...options, details: { reason, ...options.details } });
}

/** Returns the kind of fault of a STORE_UNAVAILABLE error, and `undefined` for any other value. */
export function storeFaultOf(error: unknown): StoreFault | undefined {
  return isWorkflowError(error, "STORE_UNAVAILABLE") ? (error.details.reason as StoreFault | undefined) : undefined;
}

/** Returns the error for a call that is made after `close()`. */
export function storeClosed(cause?: unknown): WorkflowError {
  return new WorkflowError(
    "STORE_CLOSED",
    "The store has been closed. Open a new one.",
    cause === undefined ? {} : { cause },
  );
}

/** Returns the error for a call whose execution is changed by others each time the call tries again. */
export function keepsChanging(id: string): WorkflowError {
  return unavailable("conflict", `Execution ${quoted(id)} changed each time it was read. Try again.`, {
    executionId: id,
  });
}
