import type { ExecuteWorkflowResult, LegacyResult } from "./execution-result.ts";

/** The same result, as the old executor's callers know it. */
export function legacyResult<Context>(result: ExecuteWorkflowResult<Context>): LegacyResult<Context> {
  const { executionId, status } = result;
  if (result.success) return { success: true, output: result.output, executionId };
  return { success: false, error: result.error ?? `The execution is ${status}.`, executionId };
}
