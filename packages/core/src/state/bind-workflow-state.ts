import { WorkflowError } from "../errors.ts";
import type { CheckpointStore } from "../store/checkpoint-store.ts";
import { checkCount } from "../store/checks.ts";
import type { OpenedExecution } from "./create-execution.ts";
import { checkIdArgument } from "./id-option.ts";
import type { ImportedExecution } from "./import-execution.ts";
import type { ReadQuery } from "./open-execution.ts";
import { checkUser } from "./state-arguments.ts";
import { checkWorkflowStateOptions } from "./state-options.ts";
import { surroundingsOf } from "./surroundings.ts";
import type { ReadonlyWorkflowState, WorkflowState as State } from "./workflow-state.ts";
import type { ResumeStateOptions, WorkflowStateOptions } from "./workflow-state-options.ts";

/** The explicit state of one execution, as `WorkflowState.create`, `resume` and `getExecutionState` open it. */
export type WorkflowState<Context extends object = Record<string, unknown>> = State<Context>;

export type { ReadonlyWorkflowState };

/** A {@link WorkflowState} class bound to a store. */
export interface WorkflowStateClass<Context extends object = Record<string, unknown>> {
  /**
   * Creates an execution and holds its lease; its status is `running`.
   *
   * @throws {WorkflowError} INVALID_ARGUMENT, STATE_NOT_SERIALIZABLE, PAYLOAD_TOO_LARGE, STORE_UNAVAILABLE
   */
  create(
    workflowId: string,
    userId: string,
    initialData?: Partial<Context>,
    totalSteps?: number,
  ): Promise<WorkflowState<Context>>;
  /**
   * Claims an execution, as `resumeWorkflow` does, and runs nothing.
   *
   * - With a `userId`, an execution of another user is reported as one that does not exist.
   *
   * @throws {WorkflowError} INVALID_ARGUMENT, EXECUTION_NOT_FOUND, INVALID_STATUS, LEASE_HELD,
   *   STATE_VERSION_UNSUPPORTED, STORE_UNAVAILABLE
   */
  resume(executionId: string, options?: ResumeStateOptions): Promise<WorkflowState<Context>>;
  /**
   * Imports a row of an old `Execution` table. Its checkpoints become those of a new execution.
   *
   * - Runs nothing, and no recovery runs it. An execution that was not finished arrives as failed, with the code
   *   IMPORTED. Resume it by hand.
   *
   * @throws {WorkflowError} INVALID_ARGUMENT, EXECUTION_ALREADY_EXISTS, PAYLOAD_TOO_LARGE, STATE_TYPE_UNKNOWN,
   *   STORE_UNAVAILABLE
   */
  importExecutionOutput(row: ImportedExecution): Promise<ReadonlyWorkflowState<Context>>;
  /** The same class, bound to another store. */
  withStore(store: CheckpointStore): WorkflowStateClass<Context>;
}

/** Opens states without an engine. The class itself is loaded when the first execution is opened. */
export const WorkflowState: {
  /**
   * Returns the state class bound to a store.
   *
   * @throws {WorkflowError} INVALID_ARGUMENT
   */
  withStore<Context extends object = Record<string, unknown>>(
    store: CheckpointStore,
    options?: Omit<WorkflowStateOptions, "store">,
  ): WorkflowStateClass<Context>;
} = Object.freeze({
  withStore: <Context extends object>(
    store: CheckpointStore,
    options: Omit<WorkflowStateOptions, "store"> = {},
  ): WorkflowStateClass<Context> => bindWorkflowState<Context>(checkWorkflowStateOptions({ ...options, store })),
  // For callers without types: these are members of the class that is bound to a store.
  create: () => refuseUnbound("create"),
  resume: () => refuseUnbound("resume"),
});

function refuseUnbound(member: string): never {
  throw new WorkflowError(
    "INVALID_ARGUMENT",
    `WorkflowState.${member}: needs a store: write WorkflowState.withStore(store).${member}(…), or take WorkflowState from what createWorkflowEngine returns.`,
  );
}

/**
 * Binds the class to the options of an engine.
 *
 * - With a `userId`, it creates, imports and resumes executions of that user only.
 */
export function bindWorkflowState<Context extends object>(
  options: WorkflowStateOptions,
  boundUserId?: string,
): WorkflowStateClass<Context> {
  const { contextMode = "frozen" } = options;
  const surroundings = surroundingsOf(options);
  const wrapped = async (opened: OpenedExecution) => {
    const { stateOf } = await import("./workflow-state.ts");
    return stateOf<Context>(opened, surroundings.codec, contextMode);
  };
  return {
    create: async (workflowId, userId, initialData = {}, totalSteps = 0) => {
      const form = "WorkflowState.create(workflowId, userId, initialData?, totalSteps?)";
      checkIdArgument(form, "workflowId", workflowId);
      checkIdArgument(form, "userId", userId);
      checkCount(totalSteps, "totalSteps");
      checkUser("create", userId, boundUserId);
      const { createExecution } = await import("./create-execution.ts");
      return wrapped(await createExecution(surroundings, { workflowId, userId, initialData, totalSteps }));
    },
    resume: async (executionId, given = {}) => {
      checkIdArgument("WorkflowState.resume(executionId, { userId? })", "executionId", executionId);
      const { checkResumeStateOptions } = await import("./resume-state-options.ts");
      const { userId = boundUserId } = checkResumeStateOptions(given);
      checkUser("resume", userId, boundUserId);
      const { claimExecution, readHead } = await opening();
      const head = await readHead(surroundings, executionId, userId);
      return wrapped(await claimExecution(surroundings, head, { history: true }));
    },
    importExecutionOutput: async (row) => {
      const { importExecution, readRow } = await import("./import-execution.ts");
      const copy = readRow(row);
      checkUser("importExecutionOutput", copy.userId, boundUserId);
      const { executionId } = await importExecution(surroundings, copy);
      return readWorkflowState<Context>(options, executionId);
    },
    withStore: (other) => {
      const { store } = checkWorkflowStateOptions({ store: other });
      return bindWorkflowState<Context>({ ...options, store }, boundUserId);
    },
  };
}

/** Opens an execution for reading. */
export async function readWorkflowState<Context extends object>(
  options: WorkflowStateOptions,
  executionId: string,
  query: ReadQuery = {},
): Promise<ReadonlyWorkflowState<Context>> {
  const surroundings = surroundingsOf(options);
  const { readExecution } = await opening();
  const opened = await readExecution(surroundings, executionId, query);
  const { stateOf } = await import("./workflow-state.ts");
  return stateOf<Context>(opened, surroundings.codec, options.contextMode ?? "frozen");
}

/** Is loaded by the first call that opens an execution, so that importing the package costs less. */
function opening(): Promise<typeof import("./open-execution.ts")> {
  return import("./open-execution.ts");
}
