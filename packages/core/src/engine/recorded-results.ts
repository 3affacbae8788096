import { canResume } from "../state/status-policy.ts";
import type { CheckpointStore, ExecutionRecord } from "../store/checkpoint-store.ts";
import { notFound } from "../store/refusals.ts";
import type { ExecuteWorkflowResult } from "./execution-result.ts";
import { fieldsOf, type ResultFacts } from "./results.ts";
import type { RunEnd } from "./run-parts.ts";

/*
 * Results that are read from what is on record. Loaded by the first call that has one.
 */

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
