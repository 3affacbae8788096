import type { ReadonlyWorkflowState, WorkflowStateClass } from "../state/bind-workflow-state.ts";
import type { Page } from "../store/checkpoint-store.ts";
import type { ExecutionInspection, InspectExecutionOptions } from "./execution-inspection.ts";
import type {
  CancelExecutionOptions,
  DeleteExecutionOptions,
  ExecutionSummary,
  ExecutionUpdate,
  GetExecutionStateOptions,
  ListExecutionsQuery,
  PruneOptions,
  WatchExecutionOptions,
} from "./execution-queries.ts";
import type { ExecuteWorkflowResult } from "./execution-result.ts";
import type { ForkExecutionOptions } from "./fork-options.ts";
import type {
  AnswerWaitOptions,
  RecoverExecutionOptions,
  RecoverExecutionsOptions,
  RecoveredExecution,
  RecoveredExecutions,
  ResumeWorkflowOptions,
  StartedRecovery,
  StartRecoveryOptions,
} from "./run-options.ts";

/** The members that work on executions, and name a user only to check who owns one. */
export interface ExecutionMembers<Context extends object> {
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
   *   WORKFLOW_NOT_FOUND, DEFINITION_NOT_FOUND, DEFINITION_INCOMPATIBLE, UNKNOWN_NODE_TYPE, NODE_DATA_INVALID,
   *   STATE_CORRUPT, STATE_VERSION_UNSUPPORTED, STATE_TYPE_UNKNOWN, STORE_UNAVAILABLE
   *
   * @see https://github.com/waymark-dev/waymark/blob/main/docs/resuming.md#resuming-in-detail
   *
   * @example
   * ```ts
   * const result = await resumeWorkflow({ executionId });
   * if (result.status === "failed") console.error(result.failure.nodeId, result.failure.message);
   * ```
   */
  resumeWorkflow(options: ResumeWorkflowOptions): Promise<ExecuteWorkflowResult<Context>>;
  /**
   * Answers the wait of a node: keeps the answer, makes the execution due, and runs nothing. A recovery or a resume
   * continues it. If this engine runs the execution, the run takes the answer.
   *
   * - May be called again until the node has completed or suspends again: the newer answer replaces the older one.
   * - Needs neither workflows nor executors, so a process that only takes answers can call it.
   *
   * @throws {WorkflowError} INVALID_ARGUMENT, NOT_WAITING, LEASE_HELD, STATE_NOT_SERIALIZABLE, PAYLOAD_TOO_LARGE,
   *   STATE_CORRUPT, STORE_UNAVAILABLE
   *
   * @see https://github.com/waymark-dev/waymark/blob/main/docs/waiting-and-approvals.md#two-ways-to-answer
   *
   * @example
   * ```ts
   * app.post("/answers/:token", async (request) => {
   *   await answerWait({ waitToken: request.params.token, data: request.body });
   * });
   * ```
   */
  answerWait(options: AnswerWaitOptions): Promise<void>;
  /**
   * Resumes executions that want to run and have no owner: pending and suspended ones that are due, and running ones
   * whose owner has died. Those that have waited longest come first. Resolves once they have ended or stopped.
   *
   * - Any number of processes may call it at the same time: each execution is claimed by one.
   * - Executions that this engine cannot run (an unknown workflow or node type, a newer format) stay as they are, and
   *   are listed in `left`.
   *
   * @throws {WorkflowError} INVALID_ARGUMENT, STORE_UNAVAILABLE
   *
   * @see https://github.com/waymark-dev/waymark/blob/main/docs/after-a-crash.md#in-a-cron-job-or-a-serverless-function-recoverexecutions
   *
   * @example
   * ```ts
   * // A cron route of a serverless application.
   * export const GET = async () => Response.json(await recoverExecutions({ budgetMs: 20_000 }));
   * ```
   */
  recoverExecutions(options?: RecoverExecutionsOptions): Promise<RecoveredExecutions>;
  /**
   * Resumes one execution if it wants to run and has no owner, as {@link recoverExecutions} does, and reports when it is
   * worth another look. For the code between a queue and the engine: a worker calls it for each delivery.
   *
   * - A delivery of a queue may be late, early, or one of several: what is on record decides.
   * - An execution of another user is treated as one that does not exist.
   *
   * @throws {WorkflowError} INVALID_ARGUMENT, STORE_UNAVAILABLE
   *
   * @see https://github.com/waymark-dev/waymark/blob/main/docs/workers.md
   *
   * @example
   * ```ts
   * const { againInMs } = await recoverExecution({ executionId });
   * ```
   */
  recoverExecution(options: RecoverExecutionOptions): Promise<RecoveredExecution>;
  /**
   * Recovers executions until it is stopped, as {@link recoverExecutions} does. Looks every `intervalMs`, with two
   * queries, and at once when this engine starts or answers an execution.
   *
   * - The process stays alive until `stop()` or `drain()`.
   *
   * @throws {WorkflowError} INVALID_ARGUMENT
   *
   * @see https://github.com/waymark-dev/waymark/blob/main/docs/after-a-crash.md#in-a-server-startrecovery
   *
   * @example
   * ```ts
   * const recovery = startRecovery({ concurrency: 16 });
   * process.on("SIGTERM", () => void drain({ timeoutMs: 20_000 }).then(() => process.exit(0)));
   * ```
   */
  startRecovery(options?: StartRecoveryOptions): StartedRecovery;
  /**
   * Opens an execution for reading, with all its checkpoints, the last one, or a page of them.
   *
   * - A page costs what its own checkpoints take to read, plus at most about twice the state.
   *
   * @throws {WorkflowError} INVALID_ARGUMENT, EXECUTION_NOT_FOUND, STATE_CORRUPT, STATE_VERSION_UNSUPPORTED,
   *   STATE_TYPE_UNKNOWN, STORE_UNAVAILABLE
   *
   * @see https://github.com/waymark-dev/waymark/blob/main/docs/executions.md#one-execution
   *
   * @example
   * ```ts
   * const state = await getExecutionState(executionId);
   * for (const { nodeId, context, error } of state.getCheckpoints()) console.log(nodeId, context, error?.message);
   * ```
   */
  getExecutionState(executionId: string, options?: GetExecutionStateOptions): Promise<ReadonlyWorkflowState<Context>>;
  /**
   * Opens an execution for tools that show it: its definitions, its records newest first, and what each one changed.
   *
   * - Runs nothing, and needs neither workflows nor executors. Contexts come as the codec's texts, so that every value is
   *   shown as what it is.
   *
   * @throws {WorkflowError} INVALID_ARGUMENT, EXECUTION_NOT_FOUND, STATE_CORRUPT, STORE_UNAVAILABLE
   *
   * @see https://github.com/waymark-dev/waymark/blob/main/docs/executions.md#one-execution
   *
   * @example
   * ```ts
   * const inspection = await inspectExecution({ executionId });
   * const { items } = await inspection.records({ limit: 100 });
   * ```
   */
  inspectExecution(options: InspectExecutionOptions): Promise<ExecutionInspection>;
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
   * @see https://github.com/waymark-dev/waymark/blob/main/docs/executions.md#watching-one
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
   *
   * @see https://github.com/waymark-dev/waymark/blob/main/docs/executions.md#many-executions
   *
   * @example
   * ```ts
   * const { items, nextCursor } = await listExecutions({ status: "failed", workflowId: "order", limit: 20 });
   * ```
   */
  listExecutions(query?: ListExecutionsQuery): Promise<Page<ExecutionSummary>>;
  /**
   * Iterates over the executions of every page of {@link listExecutions}. `limit` is the size of a page.
   *
   * - A page is read when its first execution is asked for. Each iteration begins anew.
   *
   * @throws {WorkflowError} by `next()`: INVALID_ARGUMENT, STORE_UNAVAILABLE
   *
   * @see https://github.com/waymark-dev/waymark/blob/main/docs/executions.md#many-executions
   *
   * @example
   * ```ts
   * for await (const { id, status } of executions({ userId: "ada" })) console.log(id, status);
   * ```
   */
  executions(query?: ListExecutionsQuery): AsyncIterable<ExecutionSummary>;
  /**
   * Ends an execution as `cancelled`, also if another owner runs it. A run of it ends with the result `cancelled`.
   *
   * @throws {WorkflowError} INVALID_ARGUMENT, EXECUTION_NOT_FOUND, INVALID_STATUS, STATE_CORRUPT, STORE_UNAVAILABLE
   *
   * @see https://github.com/waymark-dev/waymark/blob/main/docs/stopping-repeating-forking.md#stopping
   *
   * @example
   * ```ts
   * await cancelExecution({ executionId, reason: "the customer has called" });
   * ```
   */
  cancelExecution(options: CancelExecutionOptions): Promise<void>;
  /**
   * Makes a new execution from a point in the history of another one. Use it to go back.
   *
   * - The call runs nothing. The fork is `pending` and due, has an id of its own, and is resumed like any other.
   * - Nodes that ran before the point do not run again. Those after it run anew, with idempotency keys of their own.
   *   Waits, answers and attempts are not copied.
   * - The original is only read, whatever its status. It may be deleted later: the fork does not need it.
   * - The fork's checkpoints are its own. Those before the point are the original's: `forkedFromId`, `forkedFromSeq`.
   *
   * @throws {WorkflowError} INVALID_ARGUMENT if there is no such point, or `historyLimit` has dropped its records;
   *   EXECUTION_NOT_FOUND, IMPORT_INCOMPLETE, DEFINITION_NOT_FOUND, DEFINITION_INCOMPATIBLE, WORKFLOW_NOT_FOUND,
   *   UNKNOWN_NODE_TYPE, NODE_DATA_INVALID, STATE_NOT_SERIALIZABLE, PAYLOAD_TOO_LARGE, STATE_CORRUPT,
   *   STATE_VERSION_UNSUPPORTED, STATE_TYPE_UNKNOWN, STORE_UNAVAILABLE
   *
   * @see https://github.com/waymark-dev/waymark/blob/main/docs/stopping-repeating-forking.md#forking
   *
   * @example
   * ```ts
   * const fork = await forkExecution({ executionId, at: { beforeNode: "charge" } });
   * const result = await resumeWorkflow(fork);
   * ```
   */
  forkExecution(options: ForkExecutionOptions<Context>): Promise<{ executionId: string }>;
  /**
   * Deletes an execution with its checkpoints, also one that cannot be read.
   *
   * - Returns false if there is none, or none of that user.
   *
   * @throws {WorkflowError} INVALID_ARGUMENT, STORE_UNAVAILABLE
   *
   * @see https://github.com/waymark-dev/waymark/blob/main/docs/housekeeping.md#old-executions
   *
   * @example
   * ```ts
   * const existed = await deleteExecution({ executionId });
   * ```
   */
  deleteExecution(options: DeleteExecutionOptions): Promise<boolean>;
  /**
   * Deletes executions that ended long ago, by the store's clock, and returns their number.
   *
   * - Failed ones are kept unless you ask for them, because they can be resumed. Forks of deleted executions stay.
   * - Works in batches of 500. If a call was interrupted, call it again.
   *
   * @throws {WorkflowError} INVALID_ARGUMENT, STORE_UNAVAILABLE
   *
   * @see https://github.com/waymark-dev/waymark/blob/main/docs/housekeeping.md#old-executions
   *
   * @example
   * ```ts
   * const deleted = await pruneExecutions({ olderThanMs: 30 * 86_400_000 });
   * ```
   */
  pruneExecutions(options: PruneOptions): Promise<number>;
}
