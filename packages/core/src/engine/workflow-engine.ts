import type { ReadonlyWorkflowState, WorkflowStateClass } from "../state/workflow-state.ts";
import type { Page } from "../store/checkpoint-store.ts";
import type { WorkflowSource } from "./engine-options.ts";
import type {
  CancelExecutionOptions,
  DeleteExecutionOptions,
  ExecutionSummary,
  ExecutionUpdate,
  GetExecutionStateOptions,
  ListExecutionsQuery,
  PruneDefinitionsOptions,
  PruneOptions,
  WatchExecutionOptions,
} from "./execution-queries.ts";
import type { ExecuteWorkflowResult, LegacyResult } from "./execution-result.ts";
import type { CheckedId, InputOf } from "./known-definitions.ts";
import type { WorkflowContext } from "./node-executor.ts";
import type {
  ExecuteCall,
  ExecuteSyncCall,
  ExecuteWorkflowOptions,
  ExecuteWorkflowSyncOptions,
  OfUser,
  ResumeWorkflowOptions,
} from "./run-options.ts";

/** The members that work on executions, and name a user only to check who owns one. */
interface ExecutionMembers<Context extends object> {
  /**
   * The state class bound to this engine's store and codec.
   *
   * - That of `forUser` refuses to create or import an execution for another user.
   */
  WorkflowState: WorkflowStateClass<Context>;
  /**
   * Continues an execution from its last checkpoint. Nodes whose checkpoint was committed do not run again.
   *
   * - A suspended execution continues with `data`, the answer to what it waits for. Without it nothing is written, and
   *   the result is `suspended`.
   *
   * @throws {WorkflowError} INVALID_ARGUMENT, EXECUTION_NOT_FOUND, INVALID_STATUS, NOT_WAITING, LEASE_HELD,
   *   WORKFLOW_NOT_FOUND, DEFINITION_NOT_FOUND, UNKNOWN_NODE_TYPE, NODE_DATA_INVALID, STATE_CORRUPT,
   *   STATE_VERSION_UNSUPPORTED, STATE_TYPE_UNKNOWN, STORE_UNAVAILABLE
   */
  resumeWorkflow(options: ResumeWorkflowOptions): Promise<ExecuteWorkflowResult<Context>>;
  /**
   * Opens an execution for reading, with all its checkpoints, the last one, or a page of them.
   *
   * - A page costs what its own checkpoints take to read, plus at most about twice the state.
   *
   * @throws {WorkflowError} INVALID_ARGUMENT, EXECUTION_NOT_FOUND, STATE_CORRUPT, STATE_VERSION_UNSUPPORTED,
   *   STATE_TYPE_UNKNOWN, STORE_UNAVAILABLE
   */
  getExecutionState(executionId: string, options?: GetExecutionStateOptions): Promise<ReadonlyWorkflowState<Context>>;
  /**
   * Watches an execution until it ends or is deleted: its status, its steps and its new checkpoints.
   *
   * - The first update is the execution as it is. Another one follows when something has changed; what changed between
   *   two calls of `next()` comes as one, so a slow reader misses no checkpoint and keeps nothing waiting in memory.
   * - A run of this engine wakes the watch at once. For a run elsewhere, the watch looks at the execution's head at
   *   intervals that grow from a quarter of a second to 5 seconds while nothing changes.
   * - A suspended or pending execution has not ended.
   *
   * @throws {WorkflowError} by `next()`: INVALID_ARGUMENT, EXECUTION_NOT_FOUND, STATE_CORRUPT,
   *   STATE_VERSION_UNSUPPORTED, STATE_TYPE_UNKNOWN, STORE_UNAVAILABLE
   *
   * @example
   * ```ts
   * for await (const { status, currentStep, totalSteps } of watchExecution({ executionId })) {
   *   console.log(status, `${currentStep}/${totalSteps}`);
   * }
   * ```
   */
  watchExecution(options: WatchExecutionOptions): AsyncIterableIterator<ExecutionUpdate<Context>>;
  /**
   * Lists executions, a page at a time, without their contexts.
   *
   * - One that cannot be read comes as far as it can; its `unreadable` names the fields.
   *
   * @throws {WorkflowError} INVALID_ARGUMENT, STORE_UNAVAILABLE
   */
  listExecutions(query?: ListExecutionsQuery): Promise<Page<ExecutionSummary>>;
  /**
   * Iterates over the executions of every page of {@link listExecutions}. `limit` is the size of a page.
   *
   * - A page is read when its first execution is asked for. Each iteration begins anew.
   *
   * @throws {WorkflowError} by `next()`: INVALID_ARGUMENT, STORE_UNAVAILABLE
   */
  executions(query?: ListExecutionsQuery): AsyncIterable<ExecutionSummary>;
  /**
   * Ends an execution as `cancelled`, also if another owner runs it. A run of it ends with the result `cancelled`.
   *
   * @throws {WorkflowError} INVALID_ARGUMENT, EXECUTION_NOT_FOUND, INVALID_STATUS, STATE_CORRUPT, STORE_UNAVAILABLE
   */
  cancelExecution(options: CancelExecutionOptions): Promise<void>;
  /**
   * Deletes an execution with its checkpoints, also one that cannot be read.
   *
   * - Returns false if there is none, or none of that user.
   *
   * @throws {WorkflowError} INVALID_ARGUMENT, STORE_UNAVAILABLE
   */
  deleteExecution(options: DeleteExecutionOptions): Promise<boolean>;
  /** Deletes executions that ended long ago, and returns their number. @throws {WorkflowError} INVALID_ARGUMENT, STORE_UNAVAILABLE */
  pruneExecutions(options: PruneOptions): Promise<number>;
}

/** The members of an engine bound to one user by `forUser`. They work destructured. */
export interface UserEngine<Context extends object = WorkflowContext, Workflows extends WorkflowSource = WorkflowSource>
  extends ExecutionMembers<Context> {
  /** As the engine's, for the bound user. */
  executeWorkflow<Id extends string>(
    options: ExecuteCall<InputOf<Workflows, Id, Context>, CheckedId<Workflows, Id>> & OfUser,
  ): Promise<ExecuteWorkflowResult<Context>>;
  /** The same function as {@link executeWorkflow}. */
  executeWorkflowV2: UserEngine<Context, Workflows>["executeWorkflow"];
  /** As the engine's, for the bound user. */
  executeWorkflowSync<Id extends string>(
    options: ExecuteSyncCall<InputOf<Workflows, Id, Context>, CheckedId<Workflows, Id>> & OfUser,
  ): Promise<LegacyResult<Context>>;
}

/** The members of an engine, made by `createWorkflowEngine`. They work destructured. */
export interface WorkflowEngine<
  Context extends object = WorkflowContext,
  Workflows extends WorkflowSource = WorkflowSource,
> extends ExecutionMembers<Context> {
  /**
   * Runs a workflow from its start, or continues with `resumeFromExecutionId`, until it ends or is stopped.
   *
   * - A node that fails leads to `success: false`, unless `throwOnFailure` is set.
   *
   * @throws {WorkflowError} INVALID_ARGUMENT, INPUT_INVALID, WORKFLOW_NOT_FOUND, WORKFLOW_INVALID, WORKFLOW_EMPTY,
   *   WORKFLOW_CYCLE, DUPLICATE_NODE_ID, UNKNOWN_EDGE_NODE, UNKNOWN_NODE_TYPE, NODE_DATA_INVALID,
   *   STATE_NOT_SERIALIZABLE, EXECUTION_ALREADY_EXISTS, STORE_UNAVAILABLE
   */
  executeWorkflow<Id extends string>(
    options: ExecuteWorkflowOptions<InputOf<Workflows, Id, Context>, CheckedId<Workflows, Id>>,
  ): Promise<ExecuteWorkflowResult<Context>>;
  /** The same function as {@link executeWorkflow}, under the name that a migration uses. */
  executeWorkflowV2: WorkflowEngine<Context, Workflows>["executeWorkflow"];
  /**
   * Runs a workflow with the old executor's arguments and result, and with `contextMode: "copy"`.
   *
   * - The result also has the `executionId`, which the caller may choose.
   *
   * @throws as {@link executeWorkflow}
   */
  executeWorkflowSync<Id extends string>(
    options: ExecuteWorkflowSyncOptions<InputOf<Workflows, Id, Context>, CheckedId<Workflows, Id>>,
  ): Promise<LegacyResult<Context>>;
  /**
   * Deletes the definitions that no execution names and that were not saved lately, and returns their number.
   *
   * @throws {WorkflowError} INVALID_ARGUMENT, STORE_UNAVAILABLE
   */
  pruneDefinitions(options: PruneDefinitionsOptions): Promise<number>;
  /**
   * Returns the members that work on executions, bound to one user.
   *
   * - Executions of other users do not exist for them; a call that names another user is refused.
   *
   * @throws {WorkflowError} INVALID_ARGUMENT
   */
  forUser(userId: string): UserEngine<Context, Workflows>;
}
