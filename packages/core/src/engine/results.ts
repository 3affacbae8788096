import type { Journal } from "../state/journal.ts";
import { canResume } from "../state/status-policy.ts";
import { isoTime, waitsOf } from "../state/waiting.ts";
import type { ExecuteWorkflowResult } from "./execution-result.ts";
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

/** What every result has, from the state of the run or from the record. */
export function fieldsOf(
  { journal, durationMs, definitionChanged }: ResultFacts<unknown>,
  { checkpointsCount, currentStep, totalSteps }: Pick<Journal, "checkpointsCount" | "currentStep" | "totalSteps">,
) {
  const { executionId, record } = journal;
  const { workflowId } = record;
  return { executionId, workflowId, checkpointsCount, currentStep, totalSteps, durationMs, definitionChanged };
}
