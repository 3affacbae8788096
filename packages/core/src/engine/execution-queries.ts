import type { Checkpoint } from "../state/history.ts";
import type { WaitingFor } from "../state/waiting.ts";
import type { ExecutionRecord, WorkflowStatus } from "../store/checkpoint-store.ts";
import type { WorkflowContext } from "./node-executor.ts";
import type { OfUser } from "./run-options.ts";

/** A part of an execution's checkpoints. */
export interface CheckpointsPage {
  /** The most checkpoints that the page has: 1 to 1,000. */
  limit: number;
  /** The state's `getNextCursor()` of the page before. Default: the first page. */
  cursor?: string;
}

/**
 * The options of `getExecutionState`.
 *
 * @see https://github.com/waymark-dev/waymark/blob/main/docs/executions.md#one-execution
 */
export interface GetExecutionStateOptions extends OfUser {
  /** All checkpoints, only the newest one, or a page of them, oldest first. Default: "all". */
  checkpoints?: "all" | "last" | CheckpointsPage;
}

/**
 * The options of `cancelExecution`.
 *
 * @see https://github.com/waymark-dev/waymark/blob/main/docs/stopping-repeating-forking.md#stopping
 */
export interface CancelExecutionOptions extends OfUser {
  executionId: string;
  /** The reason, kept in the execution's failure: up to 1,000 characters. */
  reason?: string;
}

/**
 * The options of `deleteExecution`.
 *
 * @see https://github.com/waymark-dev/waymark/blob/main/docs/housekeeping.md#old-executions
 */
export interface DeleteExecutionOptions extends OfUser {
  executionId: string;
}

/**
 * The options of `watchExecution`.
 *
 * @see https://github.com/waymark-dev/waymark/blob/main/docs/executions.md#watching-one
 */
export interface WatchExecutionOptions extends OfUser {
  executionId: string;
  /** Aborting it ends the watch, as `return()` does. */
  signal?: AbortSignal;
  /** `new` (default): the checkpoints committed since the watch began. `all`: those before, too. */
  checkpoints?: "new" | "all";
}

/** An execution in a listing: its head, with times in ISO 8601. */
export interface ExecutionSummary
  extends Omit<
    ExecutionRecord,
    "createdAt" | "updatedAt" | "readAt" | "endedAt" | "leaseUntil" | "wakeAt" | "deadlineAt" | "waiting"
  > {
  createdAt: string;
  updatedAt: string;
  /** The store's time when this was read. */
  readAt: string;
  endedAt?: string;
  leaseUntil?: string;
  wakeAt?: string;
  deadlineAt?: string;
  /** The nodes that wait for an answer: the first 100. */
  waiting?: WaitingFor[];
}

/** A change that `watchExecution` reports: the execution as it is now, and its new checkpoints. */
export interface ExecutionUpdate<Context extends object = WorkflowContext> extends ExecutionSummary {
  /** The checkpoints since the update before, oldest first: at most 100. If there are more, the next update has them. */
  checkpoints: Checkpoint<Context>[];
}

/**
 * The query of `listExecutions` and `executions`. An execution is listed if it meets all conditions.
 *
 * - Times are a Date, ISO 8601 text, or milliseconds since the epoch.
 *
 * @see https://github.com/waymark-dev/waymark/blob/main/docs/executions.md#many-executions
 */
export interface ListExecutionsQuery {
  workflowId?: string;
  userId?: string;
  status?: WorkflowStatus | readonly WorkflowStatus[];
  /** Only running ones whose owner is presumed dead, the longest first. Goes without `due`, `order` and `createdBefore`. */
  leaseExpired?: boolean;
  /**
   * Only pending and suspended ones whose `wakeAt` has come, the earliest first. Goes without `leaseExpired`, `order` and
   * `createdBefore`.
   */
  due?: boolean;
  /** Only those that a node of this execution started. */
  parentId?: string;
  /** Only those that no node started. */
  topLevel?: boolean;
  createdAfter?: Date | string | number;
  createdBefore?: Date | string | number;
  /** Only those that have ended, and later than this. */
  endedAfter?: Date | string | number;
  /** Only those that ended this many milliseconds ago or longer, by the store's clock. */
  endedForMs?: number;
  /** `nextCursor` of the page before. */
  cursor?: string;
  /** The most executions in a page: 1 to 1,000. Default: 100. */
  limit?: number;
  /** By creation. Default: "desc", the newest first. */
  order?: "asc" | "desc";
}

/**
 * The options of `pruneDefinitions`.
 *
 * @see https://github.com/waymark-dev/waymark/blob/main/docs/housekeeping.md#definitions
 */
export interface PruneDefinitionsOptions {
  /** Milliseconds since a definition was last saved, by the store's clock: 600,000 (ten minutes) or more. */
  olderThanMs: number;
}

/**
 * The options of `pruneExecutions`.
 *
 * @see https://github.com/waymark-dev/waymark/blob/main/docs/housekeeping.md#old-executions
 */
export interface PruneOptions {
  /** Only executions that ended this many milliseconds ago or longer, by the store's clock. */
  olderThanMs: number;
  /** Default: completed and cancelled ones. Failed ones can be resumed, so they are deleted only if you ask for it. */
  status?: WorkflowStatus | readonly WorkflowStatus[];
  workflowId?: string;
  userId?: string;
  /**
   * Is called after each batch of up to 500 executions, also if none was found. The call does not wait for a promise, and
   * ignores failures.
   */
  onProgress?: (progress: PruneProgress) => unknown;
  /** Counts what would be deleted, and deletes nothing. Default: false. */
  dryRun?: boolean;
}

/** The progress of `pruneExecutions`. */
export interface PruneProgress {
  /** The executions that met all conditions so far. */
  looked: number;
  /** Those of them that were deleted; in a dry run, that would have been. Others have changed since, or cannot be read. */
  deleted: number;
}
