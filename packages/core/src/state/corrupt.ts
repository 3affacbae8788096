import { isWorkflowError, WorkflowError } from "../errors.ts";

/** The error for a history that cannot be what was written. */
export function corruptHistory(
  problem: string,
  details: Readonly<Record<string, unknown>> = {},
  executionId?: string,
): WorkflowError {
  return new WorkflowError("STATE_CORRUPT", `The stored history is damaged: ${problem}.`, { details, executionId });
}

/**
 * Runs what reads or applies a record. Whatever it throws leaves as a coded error that names the record by its number.
 *
 * - Nothing of the payload goes into the error: messages of the platform quote what they could not read.
 *
 * @throws {WorkflowError} STATE_CORRUPT, STATE_TYPE_UNKNOWN, STATE_VERSION_UNSUPPORTED
 */
export function readingRecord<T>(seq: number, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw unreadable(seq, error);
  }
}

/** Returns the error for a record, from what was thrown when it was read: see {@link readingRecord}. */
export function unreadable(seq: number, error: unknown): WorkflowError {
  if (isWorkflowError(error, "STATE_VERSION_UNSUPPORTED") || isWorkflowError(error, "STATE_TYPE_UNKNOWN")) {
    return new WorkflowError(error.code, error.message, { details: { ...error.details, seq } });
  }
  if (isWorkflowError(error, "STATE_CORRUPT") && error.details.seq === seq) return error;
  const reason = isWorkflowError(error, "STATE_CORRUPT") ? error.message : "it cannot be read";
  return corruptHistory(`record ${seq}: ${reason.replace(/\.$/, "")}`, { seq });
}
