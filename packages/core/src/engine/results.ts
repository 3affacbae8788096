import { ERROR_CODES, WorkflowError } from "../errors.ts";
import type { Journal } from "../state/journal.ts";
import { canResume } from "../state/status-policy.ts";
import { isoTime, waitsOf } from "../state/waiting.ts";
import type { CheckpointStore, ExecutionRecord } from "../store/checkpoint-store.ts";
import { notFound } from "../store/refusals.ts";
import { quoted } from "../text.ts";
import type { ExecuteWorkflowResult, LegacyResult } from "./execution-result.ts";
import type { RunEnd } from "./run-parts.ts";

/** What the results of a run are made from. */
export interface ResultFacts<Context> {
  journal: Journal;
  output: Context;
  durationMs: number;
  definitionChanged: boolean;
}

/** The result of a run that ended by itself. */
export function resultOf<Context>(
  facts: ResultFacts<Context>,
  end: Exclude<RunEnd, { status: "lost" }>,
): ExecuteWorkflowResult<Context> {
  const { journal, output } = facts;
  const fields = { ...fieldsOf(facts, journal), canResume: canResume(end.status) };
  switch (end.status) {
    case "completed":
      return { ...fields, success: true, status: end.status, output };
    case "failed": {
      const { failure } = end;
      return { ...fields, success: false, status: end.status, output, error: failure.message, failure };
    }
    case "pending": {
      const failure = end.failure === undefined ? {} : { failure: end.failure };
      return { ...fields, success: false, status: end.status, output, ...wakeAtOf(end), ...failure };
    }
    case "suspended": {
      const waiting = end.waiting === undefined ? {} : { waiting: waitsOf(end.waiting, journal.progress.waiting) };
      return { ...fields, success: false, status: end.status, output, ...wakeAtOf(end), ...waiting };
    }
    case "cancelled": {
      const { failure } = end;
      return { ...fields, success: false, status: end.status, output, error: failure.message, failure };
    }
  }
}

function wakeAtOf({ wakeAt }: { wakeAt?: number | undefined }): { wakeAt?: string } {
  return wakeAt === undefined ? {} : { wakeAt: isoTime(wakeAt) };
}

/** The result of a run whose execution another owner took over, or somebody cancelled. Reads what is on record. */
export async function lostResult<Context>(
  store: CheckpointStore,
  facts: ResultFacts<Context>,
  end: Extract<RunEnd, { status: "lost" }>,
): Promise<ExecuteWorkflowResult<Context>> {
  const { journal, output } = facts;
  const record = await store.getExecution(journal.executionId);
  if (record === undefined) throw notFound(journal.executionId);
  const { status: recordedStatus } = record;
  const fields = { ...fieldsOf(facts, record), success: false, output, canResume: canResume(recordedStatus) } as const;
  if (recordedStatus === "cancelled") {
    const failure = record.failure ?? end.failure;
    return { ...fields, status: "cancelled", error: failure.message, failure };
  }
  return { ...fields, status: "lost", error: end.failure.message, failure: end.failure, recordedStatus };
}

/** The end that an execution has on record, as that of a run. */
export function recordedEnd({
  status,
  wakeAt,
  waiting,
  failure,
}: ExecutionRecord): Exclude<RunEnd, { status: "lost" }> {
  switch (status) {
    case "completed":
      return { status };
    case "failed":
    case "cancelled": {
      const recorded = failure ?? { code: "NODE_FAILED", message: `The execution is ${status}.` };
      const end = { failure: recorded, thrown: undefined };
      return status === "failed" ? { ...end, status } : { ...end, status };
    }
    case "suspended":
      return { status, wakeAt, waiting };
    default:
      return { status: "pending", wakeAt, failure };
  }
}

/** What every result has, from the state of the run or from the record. */
function fieldsOf(
  { journal, durationMs, definitionChanged }: ResultFacts<unknown>,
  { checkpointsCount, currentStep, totalSteps }: Pick<Journal, "checkpointsCount" | "currentStep" | "totalSteps">,
) {
  const { executionId, record } = journal;
  const { workflowId } = record;
  return { executionId, workflowId, checkpointsCount, currentStep, totalSteps, durationMs, definitionChanged };
}

/** The same result, as the old executor's callers know it. */
export function legacyResult<Context>(result: ExecuteWorkflowResult<Context>): LegacyResult<Context> {
  const { executionId, status } = result;
  if (result.success) return { success: true, output: result.output, executionId };
  return { success: false, error: result.error ?? `The execution is ${status}.`, executionId };
}

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
