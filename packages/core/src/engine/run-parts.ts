import type { Clock } from "../clock.ts";
import type { RetryPolicy } from "../definition/schema.ts";
import type { Codec } from "../state/codec.ts";
import type { ContextMode, ContextValues } from "../state/context-values.ts";
import type { Journal } from "../state/journal.ts";
import type { NodeAnswer } from "../state/progress.ts";
import type { FailureRecord, WaitingNode, WorkflowStatus } from "../store/checkpoint-store.ts";
import type { ChildCall } from "./child-call.ts";
import type { ChildOutcome } from "./child-outcome.ts";
import type { EventBody } from "./events.ts";
import type { Interrupts } from "./interrupts.ts";
import type { PreparedWorkflow } from "./prepared-workflow.ts";
import type { retryTimesOf } from "./retried-children.ts";

/** Everything one run works with. */
export interface RunParts {
  workflow: PreparedWorkflow;
  journal: Journal;
  values: ContextValues;
  contextMode: ContextMode;
  clock: Clock;
  interrupts: Interrupts;
  retry: RetryPolicy | undefined;
  nodeTimeoutMs: number | undefined;
  budgetMs: number | undefined;
  /** The most runs of nodes in the execution. */
  maxNodeRuns: number;
  /** The number of nodes that may run at the same time. */
  nodeConcurrency: number;
  durability: "sync" | "async";
  /** The longest wait for a node's next attempt, in milliseconds, for which the run keeps the execution. */
  holdMs: number;
  onAbort: "hand-over" | "cancel";
  /** When the execution must have ended, in milliseconds since the epoch by the store's clock. */
  deadlineAt: number | undefined;
  leaseMs: number;
  /** Nodes that a crash has cut off, that must not start again, and over whose failure the execution continues. */
  crashed: readonly CrashedNode[];
  codec: Codec;
  /** A random number from 0 to 1. */
  random: () => number;
  /** A random text, the same for the whole run. */
  secret: () => string;
  emit: (event: EventBody) => void;
  /** The status that the execution was claimed from; absent if this run is its first. */
  from?: WorkflowStatus | undefined;
  /** As {@link retryTimesOf} returned them when the execution was claimed; absent if no node starts executions. */
  retryTimes?: ReturnType<typeof retryTimesOf>;
  /** Runs what a node starts. Rejects with what a function of the user's threw. */
  runChild: (parts: RunParts, call: ChildCall) => Promise<ChildOutcome>;
  /** Told why a child is left to other processes; the run then stops. Absent: the node fails. */
  onLeft?: ((error: unknown) => void) | undefined;
  /** Hands an answer over to the execution that waits, if it is not this one. */
  handOver: (answer: NodeAnswer) => Promise<void>;
}

/** A node that a crash has cut off, and that must not start again. */
export interface CrashedNode {
  nodeId: string;
  nodeName: string;
  attempt: number;
  failure: FailureRecord;
}

/** The end of a run's loop. */
export type RunEnd =
  | { status: "completed" }
  | { status: "pending"; wakeAt?: number | undefined; failure?: FailureRecord | undefined }
  | { status: "suspended"; wakeAt?: number | undefined; waiting?: readonly WaitingNode[] | undefined }
  | { status: "failed"; failure: FailureRecord; thrown: unknown }
  | { status: "cancelled"; failure: FailureRecord }
  | { status: "lost"; failure: FailureRecord; thrown: unknown };
