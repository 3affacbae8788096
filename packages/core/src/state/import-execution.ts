import type { WorkflowStatus } from "../store/checkpoint-store.ts";
import type { ExecutionOutput } from "./execution-output.ts";
import { describeFailure } from "./failure.ts";
import type { Journal, JournalOptions } from "./journal.ts";
import { createExecution } from "./open-execution.ts";
import { parseExecutionOutput } from "./parse-execution-output.ts";

/** A row of an old `Execution` table. */
export interface ImportedExecution {
  workflowId: string;
  userId: string;
  /** Default: a new id. */
  executionId?: string;
  /** The row's `output`: the JSON text, or what it parses to. */
  output: string | ExecutionOutput;
  /** Default: `failed` where the output has an error, `completed` where all its steps are done, else `pending`. */
  status?: "pending" | "completed" | "failed" | "cancelled";
}

/**
 * Writes an old row as a new execution, checkpoint by checkpoint, and gives its id.
 *
 * - Everything is checked before anything is written; where writing fails, what was written is deleted.
 *
 * @throws {WorkflowError} INVALID_ARGUMENT, EXECUTION_ALREADY_EXISTS, STATE_NOT_SERIALIZABLE, PAYLOAD_TOO_LARGE, STORE_UNAVAILABLE
 */
export async function importExecution(surroundings: JournalOptions, row: ImportedExecution): Promise<string> {
  const output = parseExecutionOutput(surroundings.codec, row.output);
  const { workflowId, userId, executionId } = row;
  const { totalSteps, currentContext } = output;
  const initialData = output.checkpoints.length === 0 ? currentContext : {};
  const { journal, record } = await createExecution(surroundings, {
    workflowId,
    userId,
    executionId,
    initialData,
    totalSteps,
  });
  try {
    await writeCheckpoints(journal, output, row.status ?? statusOf(output));
  } catch (error) {
    const { store } = surroundings;
    const left = await store.getExecution(record.id);
    if (left?.token === record.token) await store.deleteExecutions([left]);
    throw error;
  }
  return record.id;
}

async function writeCheckpoints(journal: Journal, output: ExecutionOutput, status: WorkflowStatus): Promise<void> {
  for (const { nodeId, nodeName, stepNumber, context, timestamp, error } of output.checkpoints) {
    const attempt = (journal.attempts.get(nodeId) ?? 0) + 1;
    const entry = { nodeId, nodeName, attempt, durationMs: 0, timestamp: Date.parse(timestamp) };
    if (error === undefined) {
      journal.replaceContext(context);
      journal.currentStep = stepNumber;
      await journal.commitNode(entry);
    } else {
      const failure = describeFailure(error, { nodeId, nodeName, attempts: attempt });
      journal.currentStep = Math.max(0, stepNumber - 1);
      await journal.commitError({ ...entry, error: failure });
    }
  }
  journal.replaceContext(output.currentContext);
  journal.currentStep = output.currentStep;
  await journal.save({ status, failure: output.error === undefined ? null : describeFailure(output.error) });
}

function statusOf(output: ExecutionOutput): WorkflowStatus {
  if (output.error !== undefined) return "failed";
  return output.totalSteps > 0 && output.currentStep >= output.totalSteps ? "completed" : "pending";
}
