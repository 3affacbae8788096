import { WorkflowError } from "../errors.ts";
import type { ExecutionRecord, FailureRecord, WorkflowStatus } from "../store/checkpoint-store.ts";
import { quoted } from "../text.ts";

/*
 * An import writes a history record by record, and may be cut off at any of them. A store takes records only for an
 * execution that is running or pending. Of the two, it is pending while it is being written: without an owner there is no
 * lease that could lapse, and without `wakeAt` it is not due, so no recovery finds it at any point. Its failure says what
 * it is, and a call that opens it gets that failure.
 */

type Head = Pick<ExecutionRecord, "id" | "status" | "failure">;

/** The failure of an execution whose import has not come to its end. */
export const INCOMPLETE_IMPORT: FailureRecord = Object.freeze({
  code: "IMPORT_INCOMPLETE",
  message: "The import of this execution was cut off. Import the same row again, with the same executionId.",
});

/** Tells whether an execution was left behind by an import that was cut off, or is being imported. */
export function isIncompleteImport({ failure }: Head): boolean {
  return failure?.code === INCOMPLETE_IMPORT.code;
}

/** The status to show to people: an incomplete import has failed, whatever the store needs to take its records. */
export function shownStatus(head: Head): WorkflowStatus {
  return head.status === "pending" && isIncompleteImport(head) ? "failed" : head.status;
}

/** Refuses to resume or fork an execution whose history is not all there. @throws {WorkflowError} IMPORT_INCOMPLETE */
export function refuseIncompleteImport(head: Head, refused: "resumed" | "forked" = "resumed"): void {
  if (!isIncompleteImport(head)) return;
  throw new WorkflowError(
    "IMPORT_INCOMPLETE",
    `Execution ${quoted(head.id)} cannot be ${refused}. ${INCOMPLETE_IMPORT.message}`,
    {
      executionId: head.id,
    },
  );
}
