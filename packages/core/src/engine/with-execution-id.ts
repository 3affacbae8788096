import { isWorkflowError, WorkflowError } from "../errors.ts";

/** The same error, naming the execution: so that whoever catches it can resume. */
export function withExecutionId(error: unknown, executionId: string): unknown {
  if (!isWorkflowError(error) || error.executionId !== undefined) return error;
  return new WorkflowError(error.code, error.message, { executionId, details: error.details, cause: error });
}
