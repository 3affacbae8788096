import {
  type CheckpointStore,
  createWorkflowEngine,
  type ExecuteWorkflowResult,
  type WorkflowDefinition,
} from "@waymark/core";
import { createWorkflowExecutor } from "@waymark/core/v1";
import type { ExecutorTable } from "../nodes/nodes.ts";

/** What an executor says at the end of a run. */
export interface Outcome {
  success: boolean;
  output?: unknown;
  error?: string | undefined;
}

/** The old executor, or one that takes its place. */
export type RunV1 = (call: {
  workflow: WorkflowDefinition;
  executors: ExecutorTable;
  initialData: Record<string, unknown>;
  userId: string;
}) => Promise<Outcome>;

/** The user that workflows are run for, unless another one is named. */
export const DEFAULT_USER_ID = "playground";

/** Waymark's own V1. */
export const runV1: RunV1 = ({ workflow, executors, initialData, userId }) => {
  const { executeWorkflowSync } = createWorkflowExecutor({ workflows: [workflow], executors });
  return executeWorkflowSync({ workflowId: workflow.id, userId, initialData });
};

/** How V2 is run. */
export interface V2Options {
  store: CheckpointStore;
  /** "copy" for nodes that change the context they are given. */
  contextMode: "frozen" | "copy";
  /** Milliseconds. Default: the engine's. */
  leaseMs?: number;
}

/** The limits of one run of V2. */
export interface V2Limits {
  timeoutMs?: number;
  budgetMs?: number;
}

/** Starts an execution with V2. */
export function startV2(
  options: V2Options,
  call: {
    workflow: WorkflowDefinition;
    executors: ExecutorTable;
    initialData: Record<string, unknown>;
    userId: string;
    executionId?: string;
  } & V2Limits,
): Promise<ExecuteWorkflowResult> {
  const { workflow, executors, ...rest } = call;
  return engine(options, workflow, executors).executeWorkflow({ workflowId: workflow.id, ...rest });
}

/** Resumes an execution in a new engine, as a new process would: all that is left of the first run is in the store. */
export function resumeV2(
  options: V2Options,
  call: {
    workflow: WorkflowDefinition;
    executors: ExecutorTable;
    executionId: string;
    waitForLeaseMs?: number;
  } & V2Limits,
): Promise<ExecuteWorkflowResult> {
  const { workflow, executors, executionId, ...limits } = call;
  return engine(options, workflow, executors).resumeWorkflow({ executionId, ...limits });
}

function engine(options: V2Options, workflow: WorkflowDefinition, executors: ExecutorTable) {
  return createWorkflowEngine({ ...options, workflows: [workflow], executors });
}
