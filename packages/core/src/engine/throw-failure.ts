import { ERROR_CODES, WorkflowError } from "../errors.ts";
import { quoted } from "../text.ts";
import type { ExecuteWorkflowResult } from "./execution-result.ts";

/** Throws a failed result, for `throwOnFailure`. */
export function throwFailure(result: ExecuteWorkflowResult<unknown>, thrown: unknown): never {
  const { failure, executionId } = result;
  const code = ERROR_CODES.find((each) => each === failure?.code) ?? "NODE_FAILED";
  const node = failure?.nodeId === undefined ? "The execution" : `Node ${quoted(failure.nodeId)}`;
  const message = result.status === "cancelled" ? result.error : `${node} failed: ${failure?.message}`;
  throw new WorkflowError(code, message, {
    executionId,
    cause: thrown,
    details: failure?.nodeId === undefined ? {} : { nodeId: failure.nodeId, attempts: failure.attempts },
  });
}
