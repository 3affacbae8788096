import { isWorkflowError, WorkflowError } from "../errors.ts";

/** Returns the same error with the execution's id, so that a caller who catches it can resume. */
export function withExecutionId(error: unknown, executionId: string): unknown {
  if (!isWorkflowError(error) || error.executionId !== undefined) return error;
  return new WorkflowError(error.code, error.message, { executionId, details: error.details, cause: error });
}
