import { isWorkflowError, WorkflowError } from "../errors.ts";
import type { ExecutionRecord } from "../store/checkpoint-store.ts";
import { quoted } from "../text.ts";

/** The fields of a head that say when its execution wants to run. */
type Wish = Pick<ExecutionRecord, "status" | "wakeAt" | "leaseUntil" | "readAt">;

/**
 * Milliseconds, by the store's clock, until an execution wants to run and has no owner: it is due, or its owner is
 * presumed dead. Zero or less if it does. `undefined` if it has ended, or waits for an answer only.
 */
export function wantsToRunInMs({ status, wakeAt, leaseUntil = 0, readAt }: Wish): number | undefined {
  if (status === "running") return leaseUntil - readAt;
  const mayWake = status === "pending" || status === "suspended";
  return mayWake && wakeAt !== undefined ? wakeAt - readAt : undefined;
}

/** Returns true if an execution wants to run now and has no owner. */
export function isRecoverable(head: Wish): boolean {
  return (wantsToRunInMs(head) ?? 1) <= 0;
}

/** Makes the error for an execution that another process has claimed first. */
export function taken(executionId: string): WorkflowError {
  return new WorkflowError("LEASE_HELD", `Execution ${quoted(executionId)} is run by another owner, or has ended.`, {
    executionId,
  });
}

/** Makes the error for an execution that has no definition, and that a recovery therefore leaves. */
export function withoutDefinition({ id, workflowId }: ExecutionRecord): WorkflowError {
  return new WorkflowError("DEFINITION_NOT_FOUND", `No definition was kept with execution ${quoted(id)}.`, {
    executionId: id,
    details: { workflowId },
  });
}

/** Codes that say that another process was faster, or that there is nothing left to do. */
const TAKEN: ReadonlySet<string> = new Set([
  "LEASE_HELD",
  "LEASE_LOST",
  "VERSION_CONFLICT",
  "INVALID_STATUS",
  "EXECUTION_NOT_FOUND",
  "NOT_WAITING",
]);

/** Returns the meaning of a recovery's error: another owner has it, the store is away, or this engine cannot run it. */
export function meaningOf(code: string): "taken" | "store" | "left" {
  if (code === "STORE_UNAVAILABLE" || code === "STORE_CLOSED") return "store";
  return TAKEN.has(code) ? "taken" : "left";
}

/** Milliseconds after which an execution that its engine could not run is looked at again; twice as many each time. */
export const LEFT_PAUSE_MS = 1_000;

/** Codes that say that this engine lacks what an execution needs to run. Another one may have it. */
const LACKS: ReadonlySet<string> = new Set([
  "WORKFLOW_NOT_FOUND",
  "DEFINITION_NOT_FOUND",
  "UNKNOWN_NODE_TYPE",
  "UNKNOWN_EDGE_HANDLE",
  "NODE_DATA_INVALID",
  "STATE_TYPE_UNKNOWN",
  "STATE_VERSION_UNSUPPORTED",
]);

/** Those of {@link LACKS} that say that an engine lacks what a workflow needs to start: code that another version has. */
const LACKS_TO_START: ReadonlySet<string> = new Set(["WORKFLOW_NOT_FOUND", "UNKNOWN_NODE_TYPE", "UNKNOWN_EDGE_HANDLE"]);

/**
 * Returns true if a workflow cannot be started because of the engine that tries it: a lookup has thrown, or it does not know
 * the workflow, a node type or an output of one. Any other error is mostly a mistake in the workflow, which another engine
 * would find, too.
 */
export function isStartForOthers(error: unknown): boolean {
  return !isWorkflowError(error) || LACKS_TO_START.has(error.code);
}

/** Returns true if an execution is not resumed because of the engine that tries it. A lookup of the application may throw anything. */
export function isForOthers(error: unknown): boolean {
  return !isWorkflowError(error) || LACKS.has(error.code);
}
