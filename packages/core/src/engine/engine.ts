import { surroundingsOf } from "../state/surroundings.ts";
import { type ReadonlyWorkflowState, WorkflowState, type WorkflowStateClass } from "../state/workflow-state.ts";
import type { Page } from "../store/checkpoint-store.ts";
import type { WorkflowContext } from "./node-executor.ts";
import { checkEngineOptions, checkStateOptions } from "./options.ts";
import type { Runtime } from "./runtime.ts";
import type {
  ExecuteWorkflowOptions,
  ExecuteWorkflowResult,
  ExecuteWorkflowSyncOptions,
  ExecutionSummary,
  GetExecutionStateOptions,
  InputOf,
  LegacyResult,
  ListExecutionsQuery,
  PruneOptions,
  ResumeWorkflowOptions,
  WorkflowEngineOptions,
  WorkflowSource,
} from "./types.ts";

/** What {@link createWorkflowEngine} gives; its members work destructured. */
export interface WorkflowEngine<
  Context extends WorkflowContext = WorkflowContext,
  Workflows extends WorkflowSource = WorkflowSource,
> {
  /** The state class bound to this engine's store and codec. */
  WorkflowState: WorkflowStateClass<Context>;
  /**
   * Runs a workflow from its start, or goes on with `resumeFromExecutionId`, until it ends or is stopped.
   *
   * - A node that fails gives `success: false`, unless `throwOnFailure` is set.
   *
   * @throws {WorkflowError} INVALID_ARGUMENT, INPUT_INVALID, WORKFLOW_NOT_FOUND, WORKFLOW_INVALID, WORKFLOW_EMPTY,
   *   WORKFLOW_CYCLE, DUPLICATE_NODE_ID, UNKNOWN_EDGE_NODE, UNKNOWN_NODE_TYPE, NODE_DATA_INVALID,
   *   STATE_NOT_SERIALIZABLE, EXECUTION_ALREADY_EXISTS, STORE_UNAVAILABLE
   */
  executeWorkflow<Id extends string>(
    options: ExecuteWorkflowOptions<InputOf<Workflows, Id, Context>, Id>,
  ): Promise<ExecuteWorkflowResult<Context>>;
  /** The same function as {@link executeWorkflow}, under the name that a migration uses. */
  executeWorkflowV2<Id extends string>(
    options: ExecuteWorkflowOptions<InputOf<Workflows, Id, Context>, Id>,
  ): Promise<ExecuteWorkflowResult<Context>>;
  /**
   * The old executor's arguments and result, run by this engine with `contextMode: "copy"`.
   *
   * - The result also has the `executionId`, which may be chosen by the caller.
   *
   * @throws as {@link executeWorkflow}
   */
  executeWorkflowSync<Id extends string>(
    options: ExecuteWorkflowSyncOptions<InputOf<Workflows, Id, Context>, Id>,
  ): Promise<LegacyResult<Context>>;
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
   * Opens an execution for reading, with all its checkpoints or only the last one.
   *
   * @throws {WorkflowError} EXECUTION_NOT_FOUND, STATE_CORRUPT, STATE_VERSION_UNSUPPORTED, STATE_TYPE_UNKNOWN,
   *   STORE_UNAVAILABLE
   */
  getExecutionState(executionId: string, options?: GetExecutionStateOptions): Promise<ReadonlyWorkflowState<Context>>;
  /**
   * Lists executions, a page at a time, without their contexts.
   *
   * - One that cannot be read comes as far as it can; its `unreadable` names the fields.
   *
   * @throws {WorkflowError} INVALID_ARGUMENT, STORE_UNAVAILABLE
   */
  listExecutions(query?: ListExecutionsQuery): Promise<Page<ExecutionSummary>>;
  /**
   * Ends an execution as `cancelled`, whoever owns it. A run of it ends with LEASE_LOST.
   *
   * @throws {WorkflowError} EXECUTION_NOT_FOUND, INVALID_STATUS, STATE_CORRUPT, STORE_UNAVAILABLE
   */
  cancelExecution(executionId: string): Promise<void>;
  /**
   * Deletes an execution with its checkpoints, also one that cannot be read; returns false if there is none.
   *
   * @throws {WorkflowError} INVALID_ARGUMENT, STORE_UNAVAILABLE
   */
  deleteExecution(executionId: string): Promise<boolean>;
  /** Deletes old executions, and tells how many. @throws {WorkflowError} INVALID_ARGUMENT, STORE_UNAVAILABLE */
  pruneExecutions(options: PruneOptions): Promise<number>;
}

/**
 * Makes an engine: workflows, the code behind their nodes, and the store that keeps their state.
 *
 * @throws {WorkflowError} INVALID_ARGUMENT
 *
 * @example
 * ```ts
 * const { executeWorkflow, resumeWorkflow } = createWorkflowEngine({
 *   store: new MemoryCheckpointStore(),
 *   workflows: [{ id: "hello", nodes: [{ id: "greet" }], edges: [] }],
 *   executors: { default: ({ context }) => ({ ...context, greeting: "Hello" }) },
 * });
 * const result = await executeWorkflow({ workflowId: "hello", userId: "u1" });
 * ```
 */
export function createWorkflowEngine<
  Context extends WorkflowContext = WorkflowContext,
  Workflows extends WorkflowSource = WorkflowSource,
>(given: WorkflowEngineOptions<Context, Workflows>): WorkflowEngine<Context, Workflows> {
  const options = checkEngineOptions(given) as WorkflowEngineOptions<Context>;
  const { contextMode = "frozen" } = options;
  const surroundings = surroundingsOf(options);
  let runtime: Promise<Runtime<Context>> | undefined;
  // Loaded by the first call that runs or lists: importing this package costs less, and defining workflows needs none of it.
  const load = (): Promise<Runtime<Context>> => {
    runtime ??= import("./runtime.ts").then(({ Runtime }) => new Runtime<Context>(options, surroundings));
    return runtime;
  };
  const executeWorkflow = async (call: ExecuteWorkflowOptions<object>) =>
    (await load()).runner.execute(call, contextMode);
  return {
    WorkflowState: WorkflowState.bind<Context>(options),
    executeWorkflow,
    executeWorkflowV2: executeWorkflow,
    executeWorkflowSync: async (call) =>
      (await load()).runner.executeLegacy(call as ExecuteWorkflowSyncOptions<object>),
    resumeWorkflow: async (call) => (await load()).runner.resume(call, contextMode),
    getExecutionState: async (executionId, query = {}) =>
      WorkflowState.read<Context>(options, executionId, checkStateOptions(query).checkpoints ?? "all"),
    listExecutions: async (query) => (await load()).executions.list(query),
    cancelExecution: async (executionId) => (await load()).executions.cancel(executionId),
    deleteExecution: async (executionId) => (await load()).executions.delete(executionId),
    pruneExecutions: async (query) => (await load()).executions.prune(query),
  };
}
