import { bindWorkflowState, readWorkflowState } from "../state/bind-workflow-state.ts";
import { checkIdArgument } from "../state/id-option.ts";
import { surroundingsOf } from "../state/surroundings.ts";
import { type BindCall, bindUser } from "./bind-user.ts";
import { endable } from "./endable.ts";
import { keepInternals } from "./engine-internals.ts";
import type { ExecutorSource, WorkflowEngineOptions, WorkflowSource } from "./engine-options.ts";
import type { ExecutionEvent } from "./events.ts";
import type { CheckedExecutors } from "./known-definitions.ts";
import type { WorkflowContext } from "./node-executor.ts";
import { checkEngineOptions } from "./options.ts";
import { refuseSecond } from "./refuse-second.ts";
import type { ExecuteWorkflowOptions, ExecuteWorkflowSyncOptions, StartExecutionOptions } from "./run-options.ts";
import type { Runtime } from "./runtime.ts";
import { checkStartRecoveryOptions } from "./start-recovery-options.ts";
import type { UserEngine, WorkflowEngine } from "./workflow-engine.ts";

/** The options of an engine whose definitions the compiler knows. */
type InferredOptions<
  Context extends object,
  Workflows extends WorkflowSource,
  Executors extends ExecutorSource<Context>,
> = WorkflowEngineOptions<Context, Workflows, Executors> & {
  executors: CheckedExecutors<Workflows, Executors, Context>;
};

/** The options of an engine whose context is named. Without a name there is nothing to infer it from. */
type NamedOptions<Context extends object> = [Context] extends [never] ? never : WorkflowEngineOptions<Context>;

/** Makes an engine whose context has a type of its own, and infers the rest from the options. */
export type CreateEngineFor<Context extends object> = <
  Workflows extends WorkflowSource,
  Executors extends ExecutorSource<Context>,
>(
  options: InferredOptions<Context, Workflows, Executors>,
) => WorkflowEngine<Context, Workflows>;

/**
 * Makes an engine: workflows, the code behind their nodes, and the store that keeps their state.
 *
 * - If the `workflows` are a list or a record of results of `defineWorkflow`, the compiler checks the node types in
 *   `executors`, and the `workflowId` and `initialData` of every call.
 * - A context type of your own goes in front, followed by a call without arguments: `createWorkflowEngine<Order>()({ … })`
 *   keeps these checks. `createWorkflowEngine<Order>({ … })` names the context only.
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
export function createWorkflowEngine<Context extends object = WorkflowContext>(): CreateEngineFor<Context>;
export function createWorkflowEngine<Context extends object = never>(
  options: NamedOptions<NoInfer<Context>>,
): WorkflowEngine<Context>;
export function createWorkflowEngine<
  Workflows extends WorkflowSource,
  Executors extends ExecutorSource<WorkflowContext>,
>(options: InferredOptions<WorkflowContext, Workflows, Executors>): WorkflowEngine<WorkflowContext, Workflows>;
export function createWorkflowEngine(...given: unknown[]): unknown {
  return given.length === 0 ? engineOf : engineOf(...given);
}

function engineOf(...given: unknown[]): WorkflowEngine {
  const options = checkEngineOptions(given);
  const surroundings = surroundingsOf(options);
  const listeners = new Set<(event: ExecutionEvent) => void>();
  let runtime: Promise<Runtime> | undefined;
  // Loaded by the first call that runs or lists: importing this package costs less, and defining workflows needs none of it.
  const load = (): Promise<Runtime> => {
    runtime ??= import("./runtime.ts").then(({ Runtime }) => Runtime.of(options, surroundings, listeners));
    return runtime;
  };
  const engine: WorkflowEngine = {
    ...membersOf(options, load, undefined),
    dispatcher: options.dispatcher,
    drain: async (call = {}, ...more) => {
      refuseSecond("drain", call, more);
      return (await load()).drain(call);
    },
    pruneDefinitions: async (call, ...more) => {
      refuseSecond("pruneDefinitions", call, more);
      return (await (await load()).executions()).pruneDefinitions(call);
    },
    forUser: (userId) => {
      checkIdArgument("forUser(userId)", "userId", userId);
      return membersOf(options, load, userId);
    },
  };
  return keepInternals(engine, {
    options,
    surroundings,
    changes: async () => (await load()).changes,
    executeCopied: async (call) => (await load()).runner.execute(call, "copy"),
    listen: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  });
}

/** The members that work on executions: those of every user, or those of one. */
function membersOf(
  options: WorkflowEngineOptions,
  load: () => Promise<Runtime>,
  userId: string | undefined,
): UserEngine & Omit<WorkflowEngine, "forUser" | "pruneDefinitions" | "drain" | "dispatcher"> {
  const { contextMode = "frozen" } = options;
  const toUser: BindCall = userId === undefined ? (_member, call) => call : bindUser(userId);
  const bind = <Call>(member: string, call: Call, more: readonly unknown[] = []): Call => {
    refuseSecond(member, call, more);
    return toUser(member, call);
  };
  const executeWorkflow = async (call: object, ...more: unknown[]) => {
    const bound = bind("executeWorkflow", call, more) as ExecuteWorkflowOptions<object>;
    return (await load()).runner.execute(bound, contextMode);
  };
  return {
    WorkflowState: bindWorkflowState(options, userId),
    executeWorkflow,
    executeWorkflowV2: executeWorkflow,
    executeWorkflowSync: async (call: object, ...more: unknown[]) => {
      const bound = bind("executeWorkflowSync", call, more) as ExecuteWorkflowSyncOptions<object>;
      return (await load()).runner.executeLegacy(bound);
    },
    resumeWorkflow: async (call, ...more) => {
      const bound = bind("resumeWorkflow", call, more);
      return (await load()).runner.resume(bound, contextMode);
    },
    startExecution: async (call: object, ...more: unknown[]) => {
      const bound = bind("startExecution", call, more) as StartExecutionOptions<object>;
      const runtime = await load();
      const started = await runtime.runner.start(bound);
      // Inside the caller's transaction, nobody sees it yet.
      if (bound.store === undefined) runtime.made(started.executionId);
      return started;
    },
    answerWait: async (call, ...more) => {
      const bound = bind("answerWait", call, more);
      const runtime = await load();
      await runtime.runner.answer(bound);
      runtime.wake();
    },
    recoverExecutions: async (call = {}, ...more) => {
      const bound = bind("recoverExecutions", call, more);
      return (await (await load()).recovery()).once(bound);
    },
    recoverExecution: async (call, ...more) => {
      const bound = bind("recoverExecution", call, more);
      return (await (await load()).recovery()).one(bound);
    },
    startRecovery: (call = {}, ...more) => {
      const checked = checkStartRecoveryOptions(bind("startRecovery", call, more));
      const started = load().then(async (runtime) => (await runtime.recovery()).start(checked));
      return { stop: async () => (await started).stop() };
    },
    getExecutionState: async (executionId, query = {}) => {
      checkIdArgument("getExecutionState(executionId, { checkpoints?, userId? })", "executionId", executionId);
      const { checkStateOptions } = await import("./state-query.ts");
      return readWorkflowState(options, executionId, checkStateOptions(bind("getExecutionState", query)));
    },
    inspectExecution: async (call, ...more) => {
      const bound = bind("inspectExecution", call, more);
      return (await load()).inspect(bound);
    },
    watchExecution: (call, ...more) =>
      endable(async function* (ending) {
        const bound = bind("watchExecution", call, more);
        yield* (await (await load()).watches()).watch(bound, ending);
      }),
    listExecutions: async (query = {}, ...more) => {
      const bound = bind("listExecutions", query, more);
      return (await (await load()).executions()).list(bound);
    },
    executions: (query = {}, ...more) => ({
      async *[Symbol.asyncIterator]() {
        const bound = bind("executions", query, more);
        yield* (await (await load()).executions()).all(bound);
      },
    }),
    cancelExecution: async (call, ...more) => {
      const bound = bind("cancelExecution", call, more);
      return (await (await load()).executions()).cancel(bound);
    },
    forkExecution: async (call, ...more) => {
      const bound = bind("forkExecution", call, more);
      const runtime = await load();
      const forked = await runtime.fork(bound);
      runtime.made(forked.executionId);
      return forked;
    },
    deleteExecution: async (call, ...more) => {
      const bound = bind("deleteExecution", call, more);
      return (await (await load()).executions()).delete(bound);
    },
    pruneExecutions: async (call, ...more) => {
      const bound = bind("pruneExecutions", call, more);
      return (await (await load()).executions()).prune(bound);
    },
  };
}
