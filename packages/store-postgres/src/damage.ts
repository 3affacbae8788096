import { type ExecutionRecord, isWorkflowError, listed, quoted, WorkflowError } from "@waymark/core";

const UNIQUE_VIOLATION = "23505";

/**
 * Refuses a head with which nothing can be done: fields that cannot be read, or counters that cannot rise.
 *
 * @throws {WorkflowError} STATE_CORRUPT
 */
export function assertUsable(id: string, head: ExecutionRecord | undefined): void {
  if (head === undefined) return;
  const { unreadable = [], version, token, seq, checkpointsCount } = head;
  if (unreadable.length > 0) throw corrupt(id, `these fields cannot be read: ${listed(unreadable)}`, { unreadable });
  if (Math.max(version, token, seq, checkpointsCount) < Number.MAX_SAFE_INTEGER) return;
  throw corrupt(id, "a counter has reached its end", {});
}

/** What a commit has failed with: STATE_CORRUPT if its record is there already, though the head does not know of it. */
export function damageOf(id: string, error: unknown): unknown {
  const isTaken = isWorkflowError(error, "STORE_UNAVAILABLE") && error.details.sqlState === UNIQUE_VIOLATION;
  return isTaken ? corrupt(id, "its head does not know of its newest record", {}) : error;
}

function corrupt(executionId: string, why: string, details: Record<string, unknown>): WorkflowError {
  const message = `Execution ${quoted(executionId)} is damaged: ${why}. It can be deleted.`;
  return new WorkflowError("STATE_CORRUPT", message, { executionId, details });
}
