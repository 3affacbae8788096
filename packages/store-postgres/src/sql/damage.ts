import { isWorkflowError, WorkflowError } from "@waymark/core";
import { quoted } from "@waymark/core/store";

const UNIQUE_VIOLATION = "23505";

/** Returns the error of a commit: STATE_CORRUPT if its record exists already although the head does not count it. */
export function damageOf(id: string, error: unknown): unknown {
  const isTaken = isWorkflowError(error, "STORE_UNAVAILABLE") && error.details.sqlState === UNIQUE_VIOLATION;
  return isTaken ? corrupt(id, "its head does not count its newest record") : error;
}

function corrupt(executionId: string, why: string): WorkflowError {
  return new WorkflowError("STATE_CORRUPT", `Execution ${quoted(executionId)} is damaged: ${why}. It can be deleted.`, {
    executionId,
  });
}
