import { isWorkflowError, WorkflowError } from "@waymark/core";
import { type ExecutionRecord, quoted } from "@waymark/core/store";
import { MAX_COUNTER } from "./commit-changes.ts";

const UNIQUE_VIOLATION = "23505";

/**
 * Refuses a head whose counters cannot rise, which is why a claim or a commit has changed nothing.
 *
 * @throws {WorkflowError} STATE_CORRUPT
 */
export function assertCountable(id: string, head: ExecutionRecord | undefined): void {
  if (head === undefined) return;
  const { version, token, seq, checkpointsCount, recoveries } = head;
  if (Math.max(version, seq, checkpointsCount) <= MAX_COUNTER && Math.max(token, recoveries) < Number.MAX_SAFE_INTEGER)
    return;
  throw corrupt(id, "a counter has reached its end");
}

/** What a commit has failed with: STATE_CORRUPT if its record is there already, though the head does not know of it. */
export function damageOf(id: string, error: unknown): unknown {
  const isTaken = isWorkflowError(error, "STORE_UNAVAILABLE") && error.details.sqlState === UNIQUE_VIOLATION;
  return isTaken ? corrupt(id, "its head does not know of its newest record") : error;
}

function corrupt(executionId: string, why: string): WorkflowError {
  return new WorkflowError("STATE_CORRUPT", `Execution ${quoted(executionId)} is damaged: ${why}. It can be deleted.`, {
    executionId,
  });
}
