import type { Dispatcher } from "./dispatcher.ts";
import type { WorkflowSource } from "./engine-options.ts";
import type { ExecutionMembers } from "./execution-members.ts";
import type { PruneDefinitionsOptions } from "./execution-queries.ts";
import type { ExecuteWorkflowResult, LegacyResult } from "./execution-result.ts";
import type { CheckedId, InputOf } from "./known-definitions.ts";
import type { WorkflowContext } from "./node-executor.ts";
import type {
  DrainOptions,
  ExecuteCall,
  ExecuteSyncCall,
  ExecuteWorkflowOptions,
  ExecuteWorkflowSyncOptions,
  OfUser,
  StartCall,
  StartExecutionOptions,
  StartedExecution,
} from "./run-options.ts";

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
  startExecution<Id extends string>(
    options: StartCall<InputOf<Workflows, Id, Context>, CheckedId<Workflows, Id>> & OfUser,
  ): Promise<StartedExecution>;
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
   *   WORKFLOW_NO_START, WORKFLOW_LOOP_INVALID, DUPLICATE_NODE_ID, UNKNOWN_EDGE_NODE,
   *   UNKNOWN_EDGE_HANDLE, UNKNOWN_NODE_TYPE, NODE_DATA_INVALID,
   *   STATE_NOT_SERIALIZABLE, EXECUTION_ALREADY_EXISTS, STORE_UNAVAILABLE
   *
   * @see https://github.com/waymark-dev/waymark/blob/main/docs/resuming.md#how-a-run-can-end
   *
   * @example
   * ```ts
   * const result = await executeWorkflow({ workflowId: "order", userId: "ada", initialData: { item: "book" } });
   * if (result.status === "completed") console.log(result.output);
   * ```
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
   *
   * @see https://github.com/waymark-dev/waymark/blob/main/docs/migration.md#2-the-same-call-run-by-v2
   *
   * @example
   * ```ts
   * const { success, output, error } = await executeWorkflowSync({ workflowId: "order", userId: "ada" });
   * ```
   */
  executeWorkflowSync<Id extends string>(
    options: ExecuteWorkflowSyncOptions<InputOf<Workflows, Id, Context>, CheckedId<Workflows, Id>>,
  ): Promise<LegacyResult<Context>>;
  /**
   * Creates an execution that is due at once, and runs nothing: a recovery or a resume runs it, in any process.
   *
   * - `store` creates it inside a transaction of the caller's, together with the rows that it belongs to.
   *
   * @throws {WorkflowError} as {@link executeWorkflow}
   *
   * @see https://github.com/waymark-dev/waymark/blob/main/docs/many-processes.md#starting-without-running
   *
   * @example
   * ```ts
   * const { executionId } = await startExecution({ workflowId: "order", userId: "ada", executionId: "order-7", ifExists: "join" });
   * ```
   */
  startExecution<Id extends string>(
    options: StartExecutionOptions<InputOf<Workflows, Id, Context>, CheckedId<Workflows, Id>>,
  ): Promise<StartedExecution>;
  /** The dispatcher that the engine was made with. */
  readonly dispatcher: Dispatcher | undefined;
  /**
   * Prepares the engine for the end of its process: no further node starts, nodes in flight finish and are committed, and
   * the executions are given back as pending, for other processes to continue. Resolves once all of that is done.
   *
   * - Cannot be undone: what this engine is asked to run afterwards stays pending, and it recovers nothing. What
   *   `startRecovery` has started is stopped.
   *
   * @throws {WorkflowError} INVALID_ARGUMENT
   *
   * @see https://github.com/waymark-dev/waymark/blob/main/docs/many-processes.md#the-end-of-a-process
   *
   * @example
   * ```ts
   * process.once("SIGTERM", () => void drain({ timeoutMs: 20_000 }).then(() => process.exit(0)));
   * ```
   */
  drain(options?: DrainOptions): Promise<void>;
  /**
   * Deletes the definitions that no execution names and that were not saved lately, and returns their number.
   *
   * @throws {WorkflowError} INVALID_ARGUMENT, STORE_UNAVAILABLE
   *
   * @see https://github.com/waymark-dev/waymark/blob/main/docs/housekeeping.md#definitions
   *
   * @example
   * ```ts
   * const deleted = await pruneDefinitions({ olderThanMs: 30 * 86_400_000 });
   * ```
   */
  pruneDefinitions(options: PruneDefinitionsOptions): Promise<number>;
  /**
   * Returns the members that work on executions, bound to one user.
   *
   * - Executions of other users do not exist for them; a call that names another user is refused.
   *
   * @throws {WorkflowError} INVALID_ARGUMENT
   *
   * @see https://github.com/waymark-dev/waymark/blob/main/docs/users.md
   *
   * @example
   * ```ts
   * const { listExecutions, cancelExecution } = engine.forUser("ada");
   * ```
   */
  forUser(userId: string): UserEngine<Context, Workflows>;
}
