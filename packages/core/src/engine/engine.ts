import { systemClock } from "../clock.ts";
import { Codec } from "../state/codec.ts";
import type { JournalOptions } from "../state/journal.ts";
import { type ReadonlyWorkflowState, WorkflowState, type WorkflowStateClass } from "../state/workflow-state.ts";
import type { Page } from "../store/checkpoint-store.ts";
import type { WorkflowContext } from "./node-executor.ts";
import { checkEngineOptions } from "./options.ts";
import type { Runtime } from "./runtime.ts";
import type {
  ExecuteWorkflowOptions,
  ExecuteWorkflowResult,
  ExecutionSummary,
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
  /** The old executor's arguments and result, run by this engine with `contextMode: "copy"`. */
  executeWorkflowSync<Id extends string>(options: {
    workflowId: Id;
    userId: string;
    initialData?: InputOf<Workflows, Id, Context>;
  }): Promise<LegacyResult<Context>>;
  /**
   * Goes on with an execution from its last checkpoint. Nodes whose checkpoint was committed do not run again.
   *
   * @throws {WorkflowError} INVALID_ARGUMENT, EXECUTION_NOT_FOUND, INVALID_STATUS, LEASE_HELD, WORKFLOW_NOT_FOUND,
   *   UNKNOWN_NODE_TYPE, NODE_DATA_INVALID, STATE_VERSION_UNSUPPORTED, STATE_TYPE_UNKNOWN, STORE_UNAVAILABLE
   */
  resumeWorkflow(options: ResumeWorkflowOptions): Promise<ExecuteWorkflowResult<Context>>;
  /**
   * Opens an execution for reading, with all its checkpoints or only the last one.
   *
   * @throws {WorkflowError} EXECUTION_NOT_FOUND, STATE_VERSION_UNSUPPORTED, STORE_UNAVAILABLE
   */
  getExecutionState(
    executionId: string,
    options?: { checkpoints?: "all" | "last" },
  ): Promise<ReadonlyWorkflowState<Context>>;
  /** Lists executions, a page at a time, without their contexts. @throws {WorkflowError} INVALID_ARGUMENT, STORE_UNAVAILABLE */
  listExecutions(query?: ListExecutionsQuery): Promise<Page<ExecutionSummary>>;
  /**
   * Ends an execution as `cancelled`, whoever owns it. A run of it ends with LEASE_LOST.
   *
   * @throws {WorkflowError} EXECUTION_NOT_FOUND, INVALID_STATUS, STORE_UNAVAILABLE
   */
  cancelExecution(executionId: string): Promise<void>;
  /** Deletes an execution with its checkpoints; false where there is none. @throws {WorkflowError} STORE_UNAVAILABLE */
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
>(options: WorkflowEngineOptions<Context, Workflows>): WorkflowEngine<Context, Workflows> {
  checkEngineOptions(options);
  const { store, clock = systemClock, leaseMs = 30_000, contextMode = "frozen" } = options;
  const codec = new Codec(options.codec);
  const surroundings: JournalOptions = { store, codec, clock, leaseMs };
  let runtime: Promise<Runtime<Context>> | undefined;
  // Loaded by the first call that runs or lists: importing this package costs less, and defining workflows needs none of it.
  const load = (): Promise<Runtime<Context>> => {
    runtime ??= import("./runtime.ts").then(({ Runtime }) => new Runtime<Context>(options, surroundings));
    return runtime;
  };
  const stateOptions = { store, clock, leaseMs, contextMode, ...(options.codec ? { codec: options.codec } : {}) };
  const executeWorkflow = async (call: ExecuteWorkflowOptions<object>) =>
    (await load()).runner.execute(call, contextMode);
  return {
    WorkflowState: WorkflowState.bind<Context>(stateOptions),
    executeWorkflow,
    executeWorkflowV2: executeWorkflow,
    executeWorkflowSync: async (call) => (await load()).runner.executeLegacy(call as ExecuteWorkflowOptions<object>),
    resumeWorkflow: async (call) => (await load()).runner.resume(call, contextMode),
    getExecutionState: (executionId, { checkpoints = "all" } = {}) =>
      WorkflowState.read<Context>(stateOptions, executionId, checkpoints),
    listExecutions: async (query) => (await load()).executions.list(query),
    cancelExecution: async (executionId) => (await load()).executions.cancel(executionId),
    deleteExecution: async (executionId) => (await load()).executions.delete(executionId),
    pruneExecutions: async (query) => (await load()).executions.prune(query),
  };
}
