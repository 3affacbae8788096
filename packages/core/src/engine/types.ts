import type { Clock } from "../clock.ts";
import type { RetryPolicy, WorkflowDefinition } from "../definition/schema.ts";
import type { StandardSchema } from "../definition/standard-schema.ts";
import type { CodecOptions } from "../state/codec-types.ts";
import type { ContextMode } from "../state/context-values.ts";
import type { CheckpointStore, ExecutionRecord, FailureRecord, WorkflowStatus } from "../store/checkpoint-store.ts";
import type { ExecutionEvent } from "./events.ts";
import type { NodeExecutor, WorkflowContext } from "./node-executor.ts";

/** Where an engine finds its workflows. */
export type WorkflowSource =
  | readonly WorkflowDefinition[]
  | Readonly<Record<string, WorkflowDefinition>>
  | ((
      workflowId: string,
      caller: { userId: string },
    ) => WorkflowDefinition | null | undefined | Promise<WorkflowDefinition | null | undefined>);

/** Where an engine finds the code behind a node type. */
export type ExecutorSource<Context extends WorkflowContext = WorkflowContext> =
  // biome-ignore lint/suspicious/noExplicitAny: each executor types its own data
  | Readonly<Record<string, NodeExecutor<Context, any>>>
  // biome-ignore lint/suspicious/noExplicitAny: each executor types its own data
  | ((type: string) => ExecutorFound<Context, any> | Promise<ExecutorFound<Context, any>>);

type ExecutorFound<Context extends WorkflowContext, Data> = NodeExecutor<Context, Data> | null | undefined;

/** What {@link createWorkflowEngine} takes. */
export interface WorkflowEngineOptions<
  Context extends WorkflowContext = WorkflowContext,
  Workflows extends WorkflowSource = WorkflowSource,
> {
  store: CheckpointStore;
  workflows: Workflows;
  executors: ExecutorSource<Context>;
  /** For nodes without a policy of their own. Default: one attempt. */
  retry?: RetryPolicy;
  /** For nodes without a timeout of their own, in milliseconds. Default: none. */
  nodeTimeoutMs?: number;
  /** For runs without a timeout of their own, in milliseconds. Default: none. */
  timeoutMs?: number;
  /** How long a run is trusted to be alive after its last sign of life, in milliseconds. Default: 30,000. */
  leaseMs?: number;
  /** How long a call of a store that cannot be reached is tried again, in milliseconds. Default: `leaseMs`. */
  storeRetryMs?: number;
  /**
   * `sync` (default): a node starts once the checkpoint before it is committed. `async`: it starts while that is being
   * written; after a crash at most the last two nodes run again.
   */
  durability?: "sync" | "async";
  /** `frozen` (default): nodes are handed a read-only context. `copy`: each is handed a deep copy of its own. */
  contextMode?: ContextMode;
  /** Teaches the codec classes of your own. */
  codec?: CodecOptions;
  /** For tests. Leases do not use it. */
  clock?: Clock;
  /** Called with every event, as it happens. It may be async; the run does not wait for it, and ignores its failures. */
  onEvent?: (event: ExecutionEvent) => unknown;
}

/** Limits of one run, and how its end is told. */
export interface RunOptions {
  /** The run fails with EXECUTION_TIMEOUT after so many milliseconds; it can be resumed. */
  timeoutMs?: number;
  /** No node is started after so many milliseconds: the state is kept, the lease released, the status is `pending`. */
  budgetMs?: number;
  /** Aborting it ends the run as a spent budget does; the node in flight is told, and given 5 seconds. */
  signal?: AbortSignal;
  /** Throws a WorkflowError where the execution fails, instead of returning it. */
  throwOnFailure?: boolean;
}

/** What `executeWorkflow` takes. */
export interface ExecuteWorkflowOptions<Input = Partial<WorkflowContext>, Id extends string = string>
  extends RunOptions {
  workflowId: Id;
  userId: string;
  /** A plain object that fits the workflow's `input`. Default: `{}`. */
  initialData?: Input;
  /** Goes on with this execution instead of starting one. */
  resumeFromExecutionId?: string;
  /** The new execution's id. Default: a random UUID. */
  executionId?: string;
}

/**
 * What a workflow's `initialData` must be: what its `input` schema takes, where the engine's `workflows` are a list of
 * what `defineWorkflow` gave; else part of the context.
 */
export type InputOf<Workflows, Id extends string, Context> = Workflows extends readonly (infer Definition)[]
  ? InputOfDefinition<Extract<Definition, { id: Id }>, Context>
  : Partial<Context>;

type InputOfDefinition<Definition, Context> = [Definition] extends [{ input?: StandardSchema<infer Input, unknown> }]
  ? unknown extends Input
    ? Partial<Context>
    : Input
  : Partial<Context>;

/** What `resumeWorkflow` takes. */
export interface ResumeWorkflowOptions extends RunOptions {
  executionId: string;
  /** The node that is expected to go on; another one is refused with NOT_WAITING. */
  nodeId?: string;
  /**
   * The answer that a suspended node waits for: its `resume.data`. A newer one replaces it until the node has completed.
   * Without it, or if it is `undefined`, a suspended execution stays as it is.
   */
  data?: unknown;
  /** The definition the execution began with (default), or the one that the engine has now. */
  definition?: "original" | "current";
  /** Waits so long for another owner's lease to end, in milliseconds. Default: 0. */
  waitForLeaseMs?: number;
}

interface ResultFields<Context> {
  executionId: string;
  workflowId: string;
  /** The context: final, or as far as it got. */
  output: Context;
  /** How many checkpoints the execution has. */
  checkpointsCount: number;
  /** Nodes that have completed. */
  currentStep: number;
  /** Nodes less the skipped ones. */
  totalSteps: number;
  /** How long this run took, in milliseconds. */
  durationMs: number;
  canResume: boolean;
}

/** The execution ran to its end. */
export interface CompletedResult<Context> extends ResultFields<Context> {
  success: true;
  status: "completed";
  error?: undefined;
  failure?: undefined;
}

/** A node failed, or the run's time was up. */
export interface FailedResult<Context> extends ResultFields<Context> {
  success: false;
  status: "failed";
  /** The failure's message; contains "timeout" when one ended it. */
  error: string;
  failure: FailureRecord;
}

/** The run stopped before the end: a node suspended it, its budget was spent, or its signal aborted. */
export interface StoppedResult<Context> extends ResultFields<Context> {
  success: false;
  status: "pending" | "suspended";
  error?: undefined;
  failure?: undefined;
}

/** The run lost the execution to another owner; `status` is the one on record. */
export interface LostResult<Context> extends ResultFields<Context> {
  success: false;
  status: WorkflowStatus;
  error: string;
  failure: FailureRecord;
}

/** How a run ended, told apart by `status`. */
export type ExecuteWorkflowResult<Context = WorkflowContext> =
  | CompletedResult<Context>
  | FailedResult<Context>
  | StoppedResult<Context>
  | LostResult<Context>;

/** What `executeWorkflowSync` takes: the old executor's arguments, and the id of the execution if the caller chooses it. */
export type ExecuteWorkflowSyncOptions<Input = Partial<WorkflowContext>, Id extends string = string> = Pick<
  ExecuteWorkflowOptions<Input, Id>,
  "workflowId" | "userId" | "initialData" | "executionId"
>;

/** What `executeWorkflowSync` and the old executor return. */
export interface LegacyResult<Context = WorkflowContext> {
  success: boolean;
  output?: Context;
  error?: string;
  /** Absent from the old executor, which keeps nothing. */
  executionId?: string;
}

/** What `getExecutionState` takes. */
export interface GetExecutionStateOptions {
  /** All checkpoints, or only the newest one. Default: "all". */
  checkpoints?: "all" | "last";
}

/** An execution in a listing: its head, with times in ISO 8601. */
export interface ExecutionSummary
  extends Omit<ExecutionRecord, "createdAt" | "updatedAt" | "endedAt" | "leaseUntil" | "wakeAt"> {
  createdAt: string;
  updatedAt: string;
  endedAt?: string;
  leaseUntil?: string;
  wakeAt?: string;
}

/** What `listExecutions` takes. Conditions are joined by and. */
export interface ListExecutionsQuery {
  workflowId?: string;
  userId?: string;
  status?: WorkflowStatus | readonly WorkflowStatus[];
  /** Only running ones whose owner is presumed dead. */
  leaseExpired?: boolean;
  /** Only those whose `wakeAt` has come. */
  due?: boolean;
  /** Only forks of this execution. */
  parentId?: string;
  createdBefore?: Date | string | number;
  /** `nextCursor` of the page before. */
  cursor?: string;
  /** 1 to 1,000. Default: 100. */
  limit?: number;
  /** By creation. Default: "desc", the newest first. */
  order?: "asc" | "desc";
}

/** What `pruneExecutions` takes. */
export interface PruneOptions {
  /** Only executions created earlier than so many milliseconds ago. */
  olderThanMs: number;
  /** Default: completed, failed and cancelled ones. */
  status?: WorkflowStatus | readonly WorkflowStatus[];
  workflowId?: string;
  userId?: string;
}
