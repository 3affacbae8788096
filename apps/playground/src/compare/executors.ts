import {
  type CheckpointStore,
  createWorkflowEngine,
  type ExecuteWorkflowResult,
  type ExecutionEvent,
  type NodeExecutor,
  type WaitingFor,
  type WorkflowDefinition,
  type WorkflowEngine,
} from "@waymark/core";
import { createWorkflowExecutor } from "@waymark/core/v1";
import type { ExecutorTable } from "../nodes/nodes.ts";
import { describeWaits } from "./waits.ts";
import { within } from "./within.ts";

/** The result of a run. */
export interface Outcome {
  success: boolean;
  output?: unknown;
  error?: string | undefined;
  /** Set if the run ended without a failure, because nodes wait for answers: names them. */
  waits?: string;
}

/** The old executor, or the user's replacement. */
export type RunV1 = (call: {
  workflow: WorkflowDefinition;
  executors: ExecutorTable;
  initialData: Record<string, unknown>;
  userId: string;
  /** Runs in place of each node that V1 takes from a registry of its own, if V1 exports the recorder that wraps it. */
  around?: AroundOwnNode;
}) => Promise<Outcome>;

/** Runs in place of a node of V1's own registry. `next` runs the node. */
export type AroundOwnNode = (nodeId: string, next: () => unknown) => Promise<unknown>;

/** The default user that workflows run for. */
export const DEFAULT_USER_ID = "playground";

/** Waymark's own V1. */
export const runV1: RunV1 = ({ workflow, executors, initialData, userId }) => {
  const { executeWorkflowSync } = createWorkflowExecutor({ workflows: [workflow], executors });
  return executeWorkflowSync({ workflowId: workflow.id, userId, initialData });
};

/** The options of V2. */
export interface V2Options {
  store: CheckpointStore;
  /** Use "copy" for nodes that change the context that they receive. */
  contextMode: "frozen" | "copy";
  /** Milliseconds. Default: the engine's. */
  leaseMs?: number;
  onEvent?: (event: ExecutionEvent) => void;
}

/** The limits of one run of V2. */
export interface V2Limits {
  timeoutMs?: number;
  budgetMs?: number;
  nodeConcurrency?: number;
  /** The run ends after its first node. */
  oneNode?: boolean;
}

/** Milliseconds between two looks of a recovery. */
const RECOVERY_INTERVAL_MS = 200;

/** The events after which a recovery does not continue an execution. */
const ENDS = new Set<ExecutionEvent["type"]>([
  "execution.completed",
  "execution.failed",
  "execution.suspended",
  "execution.cancelled",
  "execution.lost",
  "recovery.left",
]);

/** The outcome of a run of V2, which can be resumed. */
export type OutcomeV2 = Outcome &
  Pick<ExecuteWorkflowResult, "status" | "executionId" | "canResume" | "checkpointsCount" | "totalSteps" | "wakeAt"> & {
    waiting?: readonly Pick<WaitingFor, "nodeId">[] | undefined;
  };

/** Starts an execution with V2. */
export async function startV2(
  options: V2Options,
  call: {
    workflow: WorkflowDefinition;
    executors: ExecutorTable;
    initialData: Record<string, unknown>;
    userId: string;
    children?: readonly WorkflowDefinition[];
    startAt?: string | undefined;
    executionId?: string;
  } & V2Limits,
): Promise<OutcomeV2> {
  const { workflow, children, executors, oneNode, startAt, ...rest } = call;
  const start = startAt === undefined ? {} : { startAt };
  const { executeWorkflow } = engine(options, { workflow, children, executors, oneNode });
  return outcomeOf(await executeWorkflow({ workflowId: workflow.id, ...start, ...rest }));
}

/** Resumes an execution in a new engine that has only the store, like a new process. `answer` is for a node that waits. */
export async function resumeV2(
  options: V2Options,
  call: {
    workflow: WorkflowDefinition;
    executors: ExecutorTable;
    executionId: string;
    children?: readonly WorkflowDefinition[];
    answer?: { nodeId: string; data: unknown } | undefined;
    waitForLeaseMs?: number;
  } & V2Limits,
): Promise<OutcomeV2> {
  const { workflow, children, executors, oneNode, answer, ...rest } = call;
  const { resumeWorkflow } = engine(options, { workflow, children, executors, oneNode });
  return outcomeOf(await resumeWorkflow({ ...rest, ...answer }));
}

/**
 * Starts a recovery in a new engine, and waits until it has ended an execution of the user. Nobody resumes or names one.
 *
 * @throws {Error} a timeout after `waitMs`
 */
export async function recoverV2(
  options: V2Options,
  call: {
    workflow: WorkflowDefinition;
    executors: ExecutorTable;
    userId: string;
    children?: readonly WorkflowDefinition[];
    timeoutMs: number;
    /** Milliseconds. */
    waitMs: number;
  },
): Promise<Outcome> {
  const { workflow, children = [], executors, userId, timeoutMs, waitMs } = call;
  const ended = Promise.withResolvers<ExecutionEvent & { executionId: string }>();
  const { startRecovery, getExecutionState } = createWorkflowEngine({
    ...options,
    timeoutMs,
    workflows: [workflow, ...children],
    executors,
    onEvent: (event) => {
      options.onEvent?.(event);
      const isOwn = "workflowId" in event && event.workflowId === workflow.id;
      if ("executionId" in event && isOwn && ENDS.has(event.type)) ended.resolve(event);
    },
  });
  const recovery = startRecovery({ userId, intervalMs: RECOVERY_INTERVAL_MS });
  try {
    const event = await within(waitMs, ended.promise);
    const state = () => getExecutionState(event.executionId, { checkpoints: "last" });
    if (event.type === "execution.completed") return { success: true, output: (await state()).getContext() };
    if (event.type === "execution.suspended") return waitingOutcome((await state()).getWaiting());
    if (event.type === "execution.failed") return { success: false, error: event.failure.message };
    const what = event.type === "recovery.left" ? `the recovery left it as it is: ${event.code}` : event.type;
    return { success: false, error: what };
  } finally {
    await recovery.stop();
  }
}

function outcomeOf(result: ExecuteWorkflowResult): OutcomeV2 {
  return result.status === "suspended" ? { ...result, ...waitingOutcome(result.waiting ?? []) } : result;
}

function waitingOutcome(waiting: readonly WaitingFor[]): Outcome {
  const waits = describeWaits(waiting);
  return { success: false, error: `The run ${waits}.`, waits };
}

interface EngineParts {
  workflow: WorkflowDefinition;
  children?: readonly WorkflowDefinition[] | undefined;
  executors: ExecutorTable;
  oneNode?: boolean | undefined;
}

function engine(
  options: V2Options,
  { workflow, children = [], executors, oneNode = false }: EngineParts,
): WorkflowEngine {
  const made: WorkflowEngine = createWorkflowEngine({
    ...options,
    workflows: [workflow, ...children],
    executors: oneNode ? drainingAt(executors, () => made.drain()) : executors,
  });
  return made;
}

/** Wraps executors: the first node that starts drains its engine, so that it completes, and no other node starts. */
function drainingAt(executors: ExecutorTable, drain: () => Promise<unknown>): ExecutorTable {
  const entries = Object.entries(executors).map(([type, executor]) => {
    const draining: NodeExecutor = (args) => {
      void drain();
      return executor(args);
    };
    return [type, Object.assign(draining, executor)] as const;
  });
  return Object.fromEntries(entries);
}
