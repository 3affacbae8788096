import { isWorkflowError } from "../errors.ts";
import { errorOf } from "../state/execution-output.ts";
import { isIncompleteImport } from "../state/incomplete-import.ts";
import { readExecution, readHead } from "../state/open-execution.ts";
import type { Surroundings } from "../state/surroundings.ts";
import { waitingFor } from "../state/waiting.ts";
import { stateOf } from "../state/workflow-state.ts";
import type { ExecutionRecord } from "../store/checkpoint-store.ts";
import type { ProjectExecutionsOptions, ProjectedExecution } from "./projection-types.ts";

type OutputOption = NonNullable<ProjectExecutionsOptions["output"]>;

/** The digits of a safe integer. */
const DIGITS = 16;
/** What says that a history is as it is, and will not be read by trying again. */
const UNREADABLE: ReadonlySet<string> = new Set(["STATE_CORRUPT", "STATE_TYPE_UNKNOWN", "STATE_VERSION_UNSUPPORTED"]);

/**
 * Orders the states of an execution, as text.
 *
 * - A claim raises the token, a commit the version, and an id that is deleted and made again gets a higher token.
 */
export function revisionOf({ token, version }: Pick<ExecutionRecord, "token" | "version">): string {
  return [token, version].map((number) => String(number).padStart(DIGITS, "0")).join("");
}

/** What was found to project. */
export interface FoundExecution {
  /** Absent if there is nothing to write: the execution is gone, is being imported, or is known to be written. */
  row?: ProjectedExecution;
  /** The store has no such execution. */
  isGone?: true;
  /** Why it cannot be read, in whole or in part. */
  unreadable?: unknown;
}

/** Reads an execution as a row. `written` is the revision that the table has. */
export async function readProjected(
  surroundings: Surroundings,
  executionId: string,
  { output, written }: { output: OutputOption; written: string | undefined },
): Promise<FoundExecution> {
  let row: ProjectedExecution | undefined;
  try {
    const head = await readHead(surroundings, executionId);
    if (!isProjected(head) || revisionOf(head) === written) return {};
    row = rowOf(head);
    if (output === "never" || (output === "settled" && head.status === "running")) return { row };
    // Together with its head, which may be a newer one by now.
    const opened = await readExecution(surroundings, executionId);
    const state = stateOf(opened, surroundings.codec, "frozen");
    return { row: { ...rowOf(opened.record), output: state.toExecutionOutput() } };
  } catch (error) {
    if (isWorkflowError(error, "EXECUTION_NOT_FOUND")) return { isGone: true };
    if (!isWorkflowError(error) || !UNREADABLE.has(error.code)) throw error;
    return row === undefined ? { unreadable: error } : { row, unreadable: error };
  }
}

/** False while an execution is being imported: the application's own row is the one that it comes from. */
export function isProjected(head: ExecutionRecord): boolean {
  return !isIncompleteImport(head);
}

function rowOf(head: ExecutionRecord): ProjectedExecution {
  const { id, workflowId, userId, status, currentStep, totalSteps, failure, waiting, metadata } = head;
  const row: ProjectedExecution = {
    ...{ executionId: id, workflowId, userId, status, currentStep, totalSteps },
    createdAt: new Date(head.createdAt),
    updatedAt: new Date(head.updatedAt),
    revision: revisionOf(head),
  };
  const error = errorOf(failure);
  if (error !== undefined) row.error = error;
  if (failure !== undefined) row.failure = failure;
  if (waiting !== undefined) row.waiting = waiting.map(waitingFor);
  if (metadata !== undefined) row.metadata = metadata;
  if (head.endedAt !== undefined) row.endedAt = new Date(head.endedAt);
  return row;
}
