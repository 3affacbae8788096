import type { Clock } from "../clock.ts";
import type { RetryPolicy, WorkflowDefinition } from "../definition/schema.ts";
import type { CodecOptions } from "../state/codec-types.ts";
import type { ContextMode } from "../state/context-values.ts";
import type { CheckpointStore } from "../store/checkpoint-store.ts";
import type { Dispatcher } from "./dispatcher.ts";
import type { Logger } from "./emitter.ts";
import type { ExecutionEvent } from "./events.ts";
import type { NodeExecutor, WorkflowContext } from "./node-executor.ts";

/** A source of workflows: a list, a record by id, or a function. The function may return a promise. */
export type WorkflowSource =
  | readonly WorkflowDefinition[]
  | Readonly<Record<string, WorkflowDefinition>>
  | ((workflowId: string, caller: { userId: string }) => Awaitable<WorkflowDefinition | null | undefined>);

/** A source of node executors: a record by node type, or a function. The function may return a promise. */
export type ExecutorSource<Context extends object = WorkflowContext> =
  // biome-ignore lint/suspicious/noExplicitAny: each executor types its own data
  | Readonly<Record<string, NodeExecutor<Context, any>>>
  // biome-ignore lint/suspicious/noExplicitAny: each executor types its own data
  | ((type: string) => Awaitable<NodeExecutor<Context, any> | null | undefined>);

type Awaitable<T> = T | Promise<T>;

/** The options of an engine, without the sources of its workflows and executors. */
export interface EngineSettings {
  /**
   * The store that keeps the executions.
   *
   * @see https://github.com/waymark-dev/waymark/blob/main/docs/choosing-a-store.md
   */
  store: CheckpointStore;
  /**
   * The queue that tells workers which executions want to run. Default: none; workers look into the store.
   *
   * @see https://github.com/waymark-dev/waymark/blob/main/docs/workers.md
   */
  dispatcher?: Dispatcher;
  /**
   * The retry policy of nodes that have none. Default: one attempt.
   *
   * @see https://github.com/waymark-dev/waymark/blob/main/docs/resuming.md#retries
   */
  retry?: RetryPolicy;
  /**
   * The timeout of nodes that have none, in milliseconds. Default: none.
   *
   * @see https://github.com/waymark-dev/waymark/blob/main/docs/resuming.md#limits
   */
  nodeTimeoutMs?: number;
  /**
   * The timeout of runs that have none, in milliseconds. Default: none.
   *
   * @see https://github.com/waymark-dev/waymark/blob/main/docs/resuming.md#limits
   */
  timeoutMs?: number;
  /**
   * The number of nodes of one execution that may run at the same time, in runs that do not say otherwise: 1 to 1,000.
   * What they change in the context is merged. Default: 1.
   *
   * @see https://github.com/waymark-dev/waymark/blob/main/docs/side-by-side.md
   */
  nodeConcurrency?: number;
  /**
   * Milliseconds for which a run is presumed alive after its last sign of life. Default: 30,000.
   *
   * @see https://github.com/waymark-dev/waymark/blob/main/docs/many-processes.md#one-owner-at-a-time
   */
  leaseMs?: number;
  /**
   * Milliseconds for which a call of a store that cannot be reached is tried again. Default: `leaseMs`.
   *
   * @see https://github.com/waymark-dev/waymark/blob/main/docs/resuming.md#a-store-that-goes-away
   */
  storeRetryMs?: number;
  /**
   * The number of times that an execution is recovered without a checkpoint in between. One more process that dies
   * ends it with RECOVERY_LIMIT, unless its children have progressed meanwhile. Default: 5.
   *
   * @see https://github.com/waymark-dev/waymark/blob/main/docs/after-a-crash.md#a-node-that-kills-its-process
   */
  maxRecoveries?: number;
  /**
   * `sync` (default): a node starts once the checkpoint before it is committed. `async`: it starts while that commit is
   * under way; after a crash at most the last two nodes run again.
   *
   * @see https://github.com/waymark-dev/waymark/blob/main/docs/after-a-crash.md#what-runs-again
   */
  durability?: "sync" | "async";
  /**
   * `frozen` (default): nodes get a read-only context. `copy`: each node gets a deep copy of its own.
   *
   * @see https://github.com/waymark-dev/waymark/blob/main/docs/context.md#the-context-is-read-only
   */
  contextMode?: ContextMode;
  /**
   * The checkpoints of an execution that are kept: at least this many of the newest, and about twice as many at most. A
   * whole number, 1 or more. Default: all.
   *
   * @see https://github.com/waymark-dev/waymark/blob/main/docs/housekeeping.md#long-histories
   */
  historyLimit?: number;
  /**
   * Adds classes of your own to the values that a context can hold.
   *
   * @see https://github.com/waymark-dev/waymark/blob/main/docs/context.md#classes-of-your-own
   */
  codec?: CodecOptions;
  /**
   * The source of time, for tests. Leases do not use it.
   *
   * @see https://github.com/waymark-dev/waymark/blob/main/docs/testing.md#time
   */
  clock?: Clock;
  /**
   * Is called with every event as it happens. The run does not wait for it, and ignores its failures.
   *
   * @see https://github.com/waymark-dev/waymark/blob/main/docs/events-and-logs.md#events
   */
  onEvent?: (event: ExecutionEvent) => unknown;
  /**
   * Takes the lines that nodes log. Default: the console; in production (NODE_ENV) without those of level debug.
   *
   * @see https://github.com/waymark-dev/waymark/blob/main/docs/events-and-logs.md#logs
   */
  logger?: Logger;
  /**
   * Keys, in any case, whose values in the fields of a node's log lines are replaced by "[redacted]", at any depth.
   *
   * @see https://github.com/waymark-dev/waymark/blob/main/docs/events-and-logs.md#logs
   */
  redact?: readonly string[];
}

/** The options of `createWorkflowEngine`. */
export interface WorkflowEngineOptions<
  Context extends object = WorkflowContext,
  Workflows extends WorkflowSource = WorkflowSource,
  Executors extends ExecutorSource<Context> = ExecutorSource<Context>,
> extends EngineSettings {
  /**
   * The definitions that the engine runs.
   *
   * @see https://github.com/waymark-dev/waymark/blob/main/docs/workflows.md
   */
  workflows: Workflows;
  /**
   * The code behind the node types. Functions may be synchronous.
   *
   * @see https://github.com/waymark-dev/waymark/blob/main/docs/executors.md
   */
  executors: Executors;
}
