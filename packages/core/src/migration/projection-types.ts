import type { WorkflowEngine } from "../engine/workflow-engine.ts";
import type { ExecutionOutput } from "../state/execution-output.ts";
import type { WaitingFor } from "../state/waiting.ts";
import type { FailureRecord, WorkflowStatus } from "../store/checkpoint-store.ts";

/** An execution as a row of the application's own `Execution` table. */
export interface ProjectedExecution {
  executionId: string;
  workflowId: string;
  userId: string;
  status: WorkflowStatus;
  /** Node runs so far. */
  currentStep: number;
  totalSteps: number;
  /**
   * The JSON that the old executor kept. Absent if the option `output` leaves it out, and if the history cannot be read:
   * leave the column as it is then.
   */
  output?: ExecutionOutput;
  /** The message of the failure. */
  error?: string;
  failure?: FailureRecord;
  /** The nodes that wait for an answer: the first 100. */
  waiting?: WaitingFor[];
  metadata?: Readonly<Record<string, string>>;
  createdAt: Date;
  updatedAt: Date;
  /** When it completed, failed or was cancelled. */
  endedAt?: Date;
  /**
   * 32 digits that are greater, as text, for a newer state of the execution. Keep it in a column, and write only over a
   * row whose revision is smaller or null: another process may have written a newer state meanwhile.
   */
  revision: string;
}

/** The revision of a row that the application's table has. */
export interface WrittenRevision {
  executionId: string;
  revision: string | null;
}

/** An execution that the store no longer has, and whose row is to go. */
export interface DeletedExecution {
  executionId: string;
  /**
   * The greatest revision that the row is known to have. Remove the row only if its own is not greater: an execution that
   * was made again under the id has a greater one. Absent if nothing is known of the row.
   */
  revision?: string;
}

/** A failure of a projection. It is tried again, unless `retryInMs` is absent. */
export interface ProjectionFailure {
  /** Absent if the store could not be listed. */
  executionId?: string;
  error: unknown;
  /** The number of failures in a row. */
  failures: number;
  retryInMs?: number;
}

/**
 * The options of `projectExecutions`.
 *
 * @see https://github.com/waymark-dev/waymark/blob/main/docs/importing.md#keep-your-own-table-true
 */
export interface ProjectExecutionsOptions {
  /** The engine whose commits are followed, and whose store is swept. */
  engine: Pick<WorkflowEngine, "drain" | "pruneDefinitions">;
  /**
   * Writes one row: inserts it, or updates the one with this id if its revision is smaller. Is awaited, and called again
   * later if it fails. It is called for one state of an execution at a time, in this process.
   */
  write: (execution: ProjectedExecution) => unknown;
  /**
   * `always` (default) reads the whole history for each write. `settled` reads it only once the execution has stopped
   * running. `never` leaves `output` out.
   */
  output?: "always" | "settled" | "never";
  /**
   * Returns the revisions that the table has of up to 500 executions, so that a sweep writes only what differs. Without
   * it, the first sweep of a process writes all that it finds.
   */
  readRevisions?: (executionIds: string[]) => Iterable<WrittenRevision> | Promise<Iterable<WrittenRevision>>;
  /**
   * Removes the row of an execution that was deleted, or marks it. Is awaited, and called again later if it fails. Called
   * after `deleteExecution` of this engine; and with `readRows` also for what a prune or another process has deleted.
   * Default: the row stays.
   */
  remove?: (deleted: DeletedExecution) => unknown;
  /**
   * Returns rows of the table whose executions may have been deleted, with their revisions: all of it, or another part at
   * each sweep. Each sweep looks for every one of them in the store. Rows whose revision is null are V1's, and are left
   * alone.
   */
  readRows?: () => Iterable<WrittenRevision> | AsyncIterable<WrittenRevision>;
  /** Milliseconds between two sweeps. Default: 60,000. */
  sweepIntervalMs?: number;
  /**
   * Milliseconds that the first sweep looks back for executions that have ended: longer than all processes were
   * ever down at once. Later sweeps look back to the last one that was complete. Default: 86,400,000 (a day).
   */
  endedWithinMs?: number;
  /** The most executions that are written at the same time. Default: 4. */
  concurrency?: number;
  /** Is called at each failure. Default: a warning in the engine's logger. */
  onFailure?: (failure: ProjectionFailure) => unknown;
}

/** The result of a sweep. */
export interface SweepReport {
  /** The executions that it found: the open ones, and those that have ended lately. */
  found: number;
  /** Those that it has written, or tried to: their newest state was not known to be in the table. */
  projected: number;
  /** The rows of `readRows` whose executions are gone, and that it has removed, or tried to. */
  removed: number;
  /** Those of both that failed. They are tried again. */
  failed: number;
}

/** A projection under way. */
export interface Projection {
  /**
   * Sweeps now, and resolves when everything that it found is in the table or has failed.
   *
   * @throws {WorkflowError} STORE_UNAVAILABLE, STORE_CLOSED; INVALID_ARGUMENT after `stop()`; what `readRows` throws
   */
  sweep(): Promise<SweepReport>;
  /**
   * Ends the projection: writes what is known to have changed, once, and resolves. What fails is left to the next
   * process's sweep. Call it after `drain()`, and before the store and the table's connection are closed.
   *
   * - `timeoutMs`: the longest wait, in milliseconds. A `write` that has not ended by then is reported to `onFailure`.
   *   Default: 10,000.
   */
  stop(options?: { timeoutMs?: number }): Promise<void>;
}
