import { isWorkflowError, WorkflowError, type WorkflowErrorOptions } from "../errors.ts";
import { quoted } from "../text.ts";

/** Every kind of fault of a store: `details.reason` of a STORE_UNAVAILABLE. */
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

/** A kind of fault of a store. */
export type StoreFault = (typeof STORE_FAULTS)[number];

/** Makes a STORE_UNAVAILABLE. */
export function unavailable(reason: StoreFault, message: string, options: WorkflowErrorOptions = {}): WorkflowError {
  return new WorkflowError("STORE_UNAVAILABLE", message, { ...options, details: { reason, ...options.details } });
}

/** Returns the kind of fault of a STORE_UNAVAILABLE, and `undefined` for anything else. */
export function storeFaultOf(error: unknown): StoreFault | undefined {
  return isWorkflowError(error, "STORE_UNAVAILABLE") ? (error.details.reason as StoreFault | undefined) : undefined;
}

/** The error of a call that comes after `close()`. */
export function storeClosed(cause?: unknown): WorkflowError {
  return new WorkflowError("STORE_CLOSED", "The store was closed.", cause === undefined ? {} : { cause });
}

/** The error if others change an execution faster than a call can follow. */
export function keepsChanging(id: string): WorkflowError {
  return unavailable("conflict", `Execution ${quoted(id)} changed each time it was looked at.`, { executionId: id });
}
