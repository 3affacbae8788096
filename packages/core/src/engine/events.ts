import type { NodeRun } from "../state/node-run.ts";
import type { CheckpointKind, FailureRecord } from "../store/checkpoint-store.ts";

/** An event, as `onEvent` receives it. */
export type ExecutionEvent = (EventSource & EventBody) | ({ timestamp: number } & EngineEvent);

interface EventSource {
  executionId: string;
  /** The execution that has started this one, if one has. */
  parentId?: string;
  workflowId: string;
  userId: string;
  /** Milliseconds since the epoch. */
  timestamp: number;
}

/** An event without its source. */
export type EventBody =
  | { type: "execution.started"; totalSteps: number }
  /**
   * `startExecution` or `forkExecution` has created the execution; it is due, and does not run yet. A fork has
   * `forkedFromId`, and the number of the record in it at which it begins.
   */
  | { type: "execution.created"; totalSteps: number; forkedFromId?: string; forkedFromSeq?: number }
  /** `recoveries`: how often its owner has died since its last checkpoint. */
  | { type: "execution.resumed"; currentStep: number; totalSteps: number; recoveries: number }
  | { type: "execution.completed" }
  | { type: "execution.failed"; failure: FailureRecord }
  /**
   * The budget was spent, the signal aborted, the engine is draining, or the next attempt is not due. `wakeAt`, in
   * milliseconds since the epoch: when the execution wants to run again; absent: at once.
   */
  | { type: "execution.stopped"; wakeAt?: number }
  /** Only waits are left. `wakeAt`: when the first of them is over. */
  | { type: "execution.suspended"; waiting: readonly NodeRun[]; wakeAt?: number }
  /** This engine has cancelled the execution: by `cancelExecution`, or by an abort with `onAbort: "cancel"`. */
  | { type: "execution.cancelled"; failure: FailureRecord }
  | { type: "execution.lost"; failure: FailureRecord }
  | (NodeFacts & { type: "node.started"; attempt: number; stepNumber: number })
  /** The node's checkpoint is committed (in async durability: queued). `durationMs`: that of the executor. */
  | (NodeFacts & { type: "node.completed"; attempt: number; stepNumber: number; durationMs: number })
  /** `retryInMs`: the wait before the next attempt; absent if the node has failed for good. */
  | (NodeFacts & {
      type: "node.failed";
      attempt: number;
      durationMs: number;
      failure: FailureRecord;
      retryInMs?: number;
      /** The node has failed for good, and its error policy lets the execution continue. */
      continues?: true;
    })
  /** The node's result named only outputs that no edge leaves. */
  | (NodeFacts & { type: "node.unrouted"; handles: readonly string[] })
  /** The node waits for an answer. `untilMs`: until when, in milliseconds since the epoch. */
  | (NodeFacts & { type: "node.suspended"; reason?: string; untilMs?: number })
  /** An answer from outside to a node's wait is on record. An engine that only takes answers need not know the node. */
  | (NodeRun & { type: "node.answered" })
  /** It is certain that the node will never run. */
  | { type: "node.skipped"; nodeId: string; nodeName: string; nodeType: string }
  /**
   * The store has kept a record of the execution. `bytes`: the length of its payload in UTF-8; `durationMs`: the time
   * that the store took, together with waits for it.
   */
  | {
      type: "checkpoint.committed";
      seq: number;
      kind: CheckpointKind;
      nodeId: string;
      bytes: number;
      durationMs: number;
    }
  | (NodeFacts & { type: "log"; level: LogLevel; message: string; fields?: Record<string, unknown> });

/** The node run that an event is about. */
interface NodeFacts extends NodeRun {
  /** The node's name, or its type if it has none. */
  nodeName: string;
  nodeType: string;
}

/** An event of the engine itself, not of one execution's run. */
export type EngineEvent =
  /**
   * A recovery leaves an execution to others, because this engine cannot run it. Emitted once for each. `message`: that
   * of the error, which for `LOOKUP_FAILED` is what the lookup threw.
   */
  | { type: "recovery.left"; executionId: string; workflowId: string; code: string; message: string }
  /** The dispatcher could not add a job. A worker's sweep finds the execution in the store. */
  | { type: "dispatch.failed"; executionId: string; message: string }
  /** A recovery could not reach the store. It tries again. */
  | { type: "recovery.failed"; message: string }
  /** A recovery has ended by itself, because the store was closed. */
  | { type: "recovery.ended"; message: string };

/** The level of a log line. */
export type LogLevel = "debug" | "info" | "warn" | "error";
