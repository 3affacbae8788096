import type { Clock } from "../clock.ts";
import type { RetryPolicy, WorkflowDefinition } from "../definition/schema.ts";
import type { CodecOptions } from "../state/codec-types.ts";
import type { ContextMode } from "../state/context-values.ts";
import type { CheckpointStore } from "../store/checkpoint-store.ts";
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
  store: CheckpointStore;
  /** The retry policy of nodes that have none. Default: one attempt. */
  retry?: RetryPolicy;
  /** The timeout of nodes that have none, in milliseconds. Default: none. */
  nodeTimeoutMs?: number;
  /** The timeout of runs that have none, in milliseconds. Default: none. */
  timeoutMs?: number;
  /** Milliseconds for which a run is presumed alive after its last sign of life. Default: 30,000. */
  leaseMs?: number;
  /** Milliseconds for which a call of a store that cannot be reached is tried again. Default: `leaseMs`. */
  storeRetryMs?: number;
  /**
   * The number of times that an execution is recovered without a checkpoint in between. One more process that dies
   * ends it with RECOVERY_LIMIT. Default: 5.
   */
  maxRecoveries?: number;
  /**
   * `sync` (default): a node starts once the checkpoint before it is committed. `async`: it starts while that commit is
   * under way; after a crash at most the last two nodes run again.
   */
  durability?: "sync" | "async";
  /** `frozen` (default): nodes get a read-only context. `copy`: each node gets a deep copy of its own. */
  contextMode?: ContextMode;
  /**
   * The checkpoints of an execution that are kept: at least this many of the newest, and about twice as many at most. A
   * whole number, 1 or more. Default: all.
   */
  historyLimit?: number;
  /** Adds classes of your own to the values that a context can hold. */
  codec?: CodecOptions;
  /** The source of time, for tests. Leases do not use it. */
  clock?: Clock;
  /** Is called with every event as it happens. The run does not wait for it, and ignores its failures. */
  onEvent?: (event: ExecutionEvent) => unknown;
  /** Takes the lines that nodes log. Default: the console; in production (NODE_ENV) without those of level debug. */
  logger?: Logger;
  /** Keys, in any case, whose values in the fields of a node's log lines are replaced by "[redacted]", at any depth. */
  redact?: readonly string[];
}

/** The options of `createWorkflowEngine`. */
export interface WorkflowEngineOptions<
  Context extends object = WorkflowContext,
  Workflows extends WorkflowSource = WorkflowSource,
  Executors extends ExecutorSource<Context> = ExecutorSource<Context>,
> extends EngineSettings {
  /** The definitions that the engine runs. */
  workflows: Workflows;
  /** The code behind the node types. Functions may be synchronous. */
  executors: Executors;
}
