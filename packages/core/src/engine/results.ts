import { ERROR_CODES, isWorkflowError, WorkflowError } from "../errors.ts";
import type { Journal } from "../state/journal.ts";
import { canResume } from "../state/workflow-state.ts";
import type { CheckpointStore } from "../store/checkpoint-store.ts";
import { notFound } from "../store/rules.ts";
import { quoted } from "../text.ts";
import type { RunEnd } from "./run-context.ts";
import type { ExecuteWorkflowResult } from "./types.ts";

interface ResultFacts<Context> {
  journal: Journal;
  output: Context;
  durationMs: number;
}

/** The result of a run that ended by itself. */
export function resultOf<Context>(facts: ResultFacts<Context>, end: RunEnd): ExecuteWorkflowResult<Context> {
  const { journal, output, durationMs } = facts;
  const { executionId, checkpointsCount, currentStep, totalSteps, status } = journal;
  const { workflowId } = journal.record;
  const fields = { executionId, workflowId, output, checkpointsCount, currentStep, totalSteps, durationMs };
  if (end.status === "completed") return { ...fields, success: true, status: "completed", canResume: false };
  if ("failure" in end) {
    const { failure } = end;
    return {
      ...fields,
      success: false,
      status: "failed",
      error: failure.message,
      failure,
      canResume: canResume(status),
    };
  }
  return { ...fields, success: false, status: end.status, canResume: canResume(end.status) };
}

/** The result of a run that lost the execution to another owner: what is on record. */
export async function lostResult<Context>(
  store: CheckpointStore,
  { journal, output, durationMs }: ResultFacts<Context>,
  { failure }: Extract<RunEnd, { failure: unknown }>,
): Promise<ExecuteWorkflowResult<Context>> {
  const { executionId } = journal;
  const record = await store.getExecution(executionId);
  if (record === undefined) throw notFound(executionId);
  const { workflowId, status, checkpointsCount, currentStep, totalSteps } = record;
  return {
    success: false,
    status,
    executionId,
    workflowId,
    output,
    error: failure.message,
    failure,
    checkpointsCount,
    currentStep,
    totalSteps,
    durationMs,
    canResume: canResume(status),
  };
}

/** Throws a failed result, for `throwOnFailure`. */
export function throwFailure(result: ExecuteWorkflowResult<unknown>, thrown: unknown): never {
  const { failure, executionId } = result;
  const code = ERROR_CODES.find((each) => each === failure?.code) ?? "NODE_FAILED";
  const node = failure?.nodeId === undefined ? "The execution" : `Node ${quoted(failure.nodeId)}`;
  throw new WorkflowError(code, `${node} failed: ${failure?.message}`, {
    executionId,
    cause: thrown,
    details: failure?.nodeId === undefined ? {} : { nodeId: failure.nodeId, attempts: failure.attempts },
  });
}

/** The same error, naming the execution: so that whoever catches it can resume. */
export function withExecutionId(error: unknown, executionId: string): unknown {
  if (!isWorkflowError(error) || error.executionId !== undefined) return error;
  return new WorkflowError(error.code, error.message, { executionId, details: error.details, cause: error });
}
