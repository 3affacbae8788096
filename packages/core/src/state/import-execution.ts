import { isWorkflowError, WorkflowError } from "../errors.ts";
import type { ExecutionRecord, ExecutionRef, FailureRecord, WorkflowStatus } from "../store/checkpoint-store.ts";
import { checkId } from "../store/checks.ts";
import { quoted } from "../text.ts";
import { createExecution, type OpenedExecution } from "./create-execution.ts";
import type { ExecutionOutput, ExecutionOutputCheckpoint } from "./execution-output.ts";
import { describeFailure } from "./failure.ts";
import { writeHistory } from "./imported-checkpoints.ts";
import { INCOMPLETE_IMPORT, isIncompleteImport } from "./incomplete-import.ts";
import { type OldStatus, oldStatusOf } from "./old-status.ts";
import { isAbsent, type ParsedOutput, parseExecutionOutput, timeOf } from "./parse-execution-output.ts";
import type { Surroundings } from "./surroundings.ts";

/** A row of an old `Execution` table. */
export interface ImportedExecution {
  workflowId: string;
  userId: string;
  /** Default: a new id. Only with an id of the row's own can an import that was cut off be completed by a second one. */
  executionId?: string | null;
  /** The row's `output`: the JSON text, or what it parses to. */
  output: string | ImportedOutput;
  /**
   * The row's status, in the words and in the case that the old table has: see docs/migration.md. Default: `failed` if
   * the output has an error, `completed` if all its steps are done, else unfinished.
   */
  status?: string | null;
  /** When the row was created: a Date, ISO 8601 text, or milliseconds since the epoch. Default: `endedAt`, else now. */
  createdAt?: Date | string | number | null;
  /** When it ended, in the same forms; not before `createdAt`. Default: now. */
  endedAt?: Date | string | number | null;
}

/** An {@link ExecutionOutput} as old tables have it: `checkpoints` and their ids may be missing. */
export interface ImportedOutput extends Omit<ExecutionOutput, "checkpoints"> {
  checkpoints?: (Omit<ExecutionOutputCheckpoint, "id"> & { id?: string | number | null })[] | null;
}

const NAMES = new Set([
  "workflowId",
  "userId",
  "executionId",
  "output",
  "status",
  "createdAt",
  "endedAt",
] satisfies (keyof ImportedExecution)[]);

/** What has become of a row. */
export interface ImportedRecord {
  executionId: string;
  outcome: OldStatus;
  /** An earlier import of the row was cut off, and this one has replaced it. */
  isReplacement: boolean;
}

/** Returns a copy of a row, of which each field was read once. @throws {WorkflowError} INVALID_ARGUMENT */
export function readRow(row: ImportedExecution): ImportedExecution {
  try {
    return { ...row };
  } catch (cause) {
    throw new WorkflowError("INVALID_ARGUMENT", "The row cannot be imported: it cannot be read.", { cause });
  }
}

/** How often an earlier import that was cut off is replaced, if another process writes to it meanwhile. */
const MAX_REPLACEMENTS = 5;

/**
 * Writes an old row as a new execution, many checkpoints with each commit.
 *
 * - Nothing of it is ever due or recovered: what the old executor had not finished arrives as failed, with the code
 *   IMPORTED, to be resumed by hand.
 * - Both times of the row are kept, but never one that is later than the store's clock.
 * - Everything is checked before anything is written. If writing fails, what was written is deleted. If the process dies
 *   or the store cannot be reached, it stays as failed with the code IMPORT_INCOMPLETE, and a second import of the row
 *   replaces it.
 *
 * @throws {WorkflowError} INVALID_ARGUMENT, EXECUTION_ALREADY_EXISTS, PAYLOAD_TOO_LARGE, STATE_TYPE_UNKNOWN, STORE_UNAVAILABLE
 */
export async function importExecution(surroundings: Surroundings, row: ImportedExecution): Promise<ImportedRecord> {
  checkNames(row);
  if (!isAbsent(row.executionId)) checkId(row.executionId, "executionId");
  const output = parseExecutionOutput(surroundings.codec, row.output);
  const { createdAt, endedAt } = timesOf(row);
  const outcome = statusOf(row.status, output);
  const end = endOf(output, outcome, row.status);
  const { journal, record, isReplacement } = await begin(surroundings, row, { output, createdAt });
  try {
    await writeHistory(journal, surroundings.codec, output, endedAt === undefined ? end : { ...end, endedAt });
  } catch (error) {
    // The first error is the one to report. What cannot be cleaned up now stays as an incomplete import.
    if (!isWorkflowError(error, "STORE_UNAVAILABLE")) await deleteOwn(surroundings, record).catch(() => undefined);
    throw error;
  }
  return { executionId: record.id, outcome, isReplacement };
}

/** Creates the execution; one that an earlier import of the row has left behind makes way. */
async function begin(
  surroundings: Surroundings,
  row: ImportedExecution,
  { output, createdAt }: { output: ParsedOutput; createdAt: number | undefined },
): Promise<OpenedExecution & { isReplacement: boolean }> {
  const { workflowId, userId } = row;
  const { totalSteps, currentContext } = output;
  const initialData = output.checkpoints.length === 0 ? currentContext : {};
  const executionId = row.executionId ?? undefined;
  const unowned = INCOMPLETE_IMPORT;
  const options = { workflowId, userId, executionId, initialData, totalSteps, createdAt, unowned };
  for (let replaced = 0; ; replaced++) {
    try {
      return { ...(await createExecution(surroundings, options)), isReplacement: replaced > 0 };
    } catch (error) {
      if (!isWorkflowError(error, "EXECUTION_ALREADY_EXISTS") || replaced === MAX_REPLACEMENTS) throw error;
      if (executionId === undefined || !(await makeWay(surroundings, executionId, row))) throw error;
    }
  }
}

/** Deletes an incomplete import of the same row; false if the id is that of another execution. */
async function makeWay({ store }: Surroundings, executionId: string, row: ImportedExecution): Promise<boolean> {
  const left = await store.getExecution(executionId);
  if (left === undefined) return true;
  if (!isIncompleteImport(left) || left.workflowId !== row.workflowId || left.userId !== row.userId) return false;
  await store.deleteExecutions([refTo(left)]);
  return true;
}

async function deleteOwn({ store }: Surroundings, { id, token }: ExecutionRecord): Promise<void> {
  const left = await store.getExecution(id);
  if (left?.token === token) await store.deleteExecutions([refTo(left)]);
}

function refTo({ id, version, token }: ExecutionRecord): ExecutionRef {
  return { id, version, token };
}

function statusOf(status: unknown, output: ParsedOutput): OldStatus {
  if (status === undefined || status === null) {
    if (output.error !== undefined) return "failed";
    return output.totalSteps > 0 && output.currentStep >= output.totalSteps ? "completed" : "unfinished";
  }
  const known = typeof status === "string" ? oldStatusOf(status) : undefined;
  if (known !== undefined) return known;
  throw invalid(
    `status ${quoted(status)} is none of the usual words for how an execution ended; see docs/migration.md`,
  );
}

/** How the imported execution ends. */
function endOf(
  { error, checkpoints }: ParsedOutput,
  old: OldStatus,
  word: string | null | undefined,
): { status: WorkflowStatus; failure: FailureRecord | null } {
  if (old === "completed") return { status: old, failure: null };
  if (old === "unfinished") {
    const known = typeof word === "string" ? ` (its status was ${quoted(word)})` : "";
    const message = `The old executor had not finished this execution${known}. Resume it by hand.`;
    const failure = describeFailure(message, { code: "IMPORTED" });
    if (error !== undefined) failure.cause = { message: describeFailure(error).message };
    return { status: "failed", failure };
  }
  if (old === "cancelled") return { status: old, failure: error === undefined ? null : describeFailure(error) };
  const last = checkpoints.at(-1);
  const node = last?.error === undefined ? {} : { nodeId: last.nodeId, nodeName: last.nodeName };
  const message = error ?? last?.error ?? "The old executor recorded no error.";
  return { status: old, failure: describeFailure(message, node) };
}

/** The times of a row, in milliseconds since the epoch. What has ended was created by then. */
function timesOf(row: ImportedExecution): { createdAt: number | undefined; endedAt: number | undefined } {
  const endedAt = isAbsent(row.endedAt) ? undefined : timeOf(row.endedAt, "endedAt");
  const createdAt = isAbsent(row.createdAt) ? endedAt : timeOf(row.createdAt, "createdAt");
  if (createdAt !== undefined && endedAt !== undefined && endedAt < createdAt) {
    throw invalid("endedAt is before createdAt");
  }
  return { createdAt, endedAt };
}

function checkNames(row: unknown): void {
  if (typeof row !== "object" || row === null) throw invalid("it is not an object");
  for (const name of Object.keys(row)) {
    if (!(NAMES as ReadonlySet<string>).has(name)) throw invalid(`${quoted(name)} is not a name that it can have`);
  }
}

function invalid(problem: string): WorkflowError {
  return new WorkflowError("INVALID_ARGUMENT", `The row cannot be imported: ${problem}.`);
}
