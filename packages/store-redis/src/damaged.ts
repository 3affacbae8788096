import { WorkflowError } from "@waymark/core";
import { type ExecutionRecord, listed, quoted } from "@waymark/core/store";

/** The error for an execution whose head cannot be read, or does not fit its history. */
export function damaged(id: string, { unreadable = [] }: Pick<ExecutionRecord, "unreadable"> = {}): WorkflowError {
  const why =
    unreadable.length > 0 ? `its head has no sound ${listed(unreadable)}` : "its head does not fit its history";
  return new WorkflowError("STATE_CORRUPT", `Execution ${quoted(id)} is damaged: ${why}. It can be deleted.`, {
    executionId: id,
    details: { unreadable },
  });
}
