import { isWorkflowError, WorkflowError, type WorkflowErrorOptions } from "@waymark/core";

/** Every kind of fault; `details.reason` of a STORE_UNAVAILABLE. The README says what to do about each. */
export const FAULT_REASONS = [
  "authentication",
  "conflict",
  "connection",
  "connections_exhausted",
  "database_missing",
  "disk_full",
  "folder",
  "folder_in_use",
  "permission",
  "read_only",
  "schema",
  "server",
  "server_too_old",
  "timeout",
  "tls",
] as const;

/** What kind of fault it was; `details.reason` of a STORE_UNAVAILABLE. */
export type FaultReason = (typeof FAULT_REASONS)[number];

/** Makes a STORE_UNAVAILABLE. */
export function unavailable(reason: FaultReason, message: string, options: WorkflowErrorOptions = {}): WorkflowError {
  return new WorkflowError("STORE_UNAVAILABLE", message, { ...options, details: { reason, ...options.details } });
}

/** The kind of fault of a STORE_UNAVAILABLE; `undefined` of anything else. */
export function faultReasonOf(error: unknown): FaultReason | undefined {
  return isWorkflowError(error, "STORE_UNAVAILABLE") ? (error.details.reason as FaultReason | undefined) : undefined;
}
