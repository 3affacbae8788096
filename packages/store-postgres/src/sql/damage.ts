import { isWorkflowError, WorkflowError } from "@waymark/core";
import { quoted } from "@waymark/core/store";

const UNIQUE_VIOLATION = "23505";

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
