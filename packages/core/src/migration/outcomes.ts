import type { WorkflowStatus } from "../store/checkpoint-store.ts";
import type { RecordingProblem } from "./recording.ts";

/** The executor that served a call: the old one, or the engine. */
export type ExecutorName = "v1" | "v2";

/**
 * The reason why a call went to its executor.
 *
 * - `percent`: by the place of its key. `override`: by its workflow or user.
 * - `stopped`: a limit of `stopIf` was reached. `undecided`: `percent`, `by` or `executionId` failed.
 * - `fallback`: V2 failed before any node ran. `continued`: its execution was begun by an earlier call.
 * - `served`: V1 has served an earlier try of the call: in this process, or as `servedByV1` says.
 * - `recovery`: nobody called; a recovery or a resume of this engine continued it.
 */
export type RolloutReason =
  | "percent"
  | "override"
  | "stopped"
  | "undecided"
  | "fallback"
  | "continued"
  | "served"
  | "recovery";

/** An error that was thrown or recorded, in short. */
export interface OutcomeFailure {
  /** A code of Waymark's, a code or name of the error, or `"V1"` if the old executor named none. */
  code: string;
  /** Up to 500 characters. */
  message: string;
}

/** The work of one node in a run. */
export interface NodeTimes {
  nodeId: string;
  nodeType: string;
  /** The number of calls of its executor. */
  runs: number;
  /** The time in its executor, in milliseconds. */
  durationMs: number;
}

/** A run of a workflow, by either executor. */
export interface RunOutcome {
  kind: "run";
  /** When it ended, in ISO 8601. */
  at: string;
  executor: ExecutorName;
  reason: RolloutReason;
  workflowId: string;
  userId: string;
  /** The sticky key. Absent if the call was not decided by one. */
  key?: string;
  executionId?: string;
  success: boolean;
  /** V2: the status at the end of the run. Absent if the call threw. */
  status?: WorkflowStatus | "lost";
  durationMs: number;
  failure?: OutcomeFailure;
  /** The failure of V2 after which V1 ran instead, or the failure of a function after which the call went to V1. */
  because?: OutcomeFailure;
  /** The first 200 nodes. V1: if a recorder wraps its executors. */
  nodes?: NodeTimes[];
  /** V2: the records that the store has kept. `bytes`: of their payloads; `durationMs`: the store's time, in total. */
  checkpoints?: { count: number; bytes: number; durationMs: number };
  /** V2: the nodes that a resume did not run again, and the time that their executors had taken. */
  saved?: { nodes: number; durationMs: number };
}

/** A place where V1 and V2 differ. */
export interface ShadowDifference {
  /**
   * - `context`: the context after the node. `route`: the edges that the node chose; or those that leave it in V2, so
   *   that V2 passes over a node of V1.
   * - `node`: it was the turn of one node in V1, and of another one in V2. `nodeId` is the one that V1 has nowhere, else
   *   V1's.
   * - `definition`: the node's type or data, with a `path` that begins with `type` or `data`.
   * - `failure`: the node failed in one of them only, or with another message. `waits`: the node waits in V2.
   */
  kind: "context" | "route" | "node" | "definition" | "failure" | "waits";
  /** The node. Absent if they differ before the first one. */
  nodeId?: string;
  /** The place in the context, such as `order.items.*.price`; `*` stands for an index. Empty: the whole context. */
  path?: string;
  /**
   * The value of each, as JSON-like text of up to 300 characters. Absent: there is none. Values under the keys that the
   * engine's `redact` names are "[redacted]".
   */
  v1?: string;
  v2?: string;
}

/** The comparison of a recorded run of V1 with V2. */
export interface ShadowOutcome {
  kind: "shadow";
  at: string;
  workflowId: string;
  userId: string;
  /** `skipped`: nothing was compared, for `reason`. */
  result: "equal" | "different" | "skipped";
  reason?: RecordingProblem | "too-many" | "timeout" | "no-nodes" | "failed";
  difference?: ShadowDifference;
  /** The places that differ by nature, as found: times and random values. */
  varying?: string[];
  /** The nodes whose own executor ran, and those that were answered from the recording. */
  liveNodes: number;
  recordedNodes: number;
  /** The time that the recording added to V1, in milliseconds. */
  recordingMs: number;
  /** The time that the comparison took, in milliseconds. */
  durationMs: number;
}

/** A call of an executor of V1 outside of the rollout: somebody still calls V1 by itself. */
export interface DirectOutcome {
  kind: "direct";
  at: string;
  nodeType: string;
  /** The line of code that called, as far as the stack shows it. */
  caller: string;
}

/** A limit of `stopIf` was reached: from now on this process sends all calls to V1. */
export interface StopOutcome extends StopReason {
  kind: "stop";
  at: string;
}

/** The limit that stopped a rollout. */
export interface StopReason {
  limit: "mismatches" | "errorRate" | "overheadMs";
  /** The value that reached it. */
  value: number;
  allowed: number;
}

/** An observation of a rollout. JSON: store them wherever you like, and pass them to `report`. */
export type RolloutOutcome = RunOutcome | ShadowOutcome | DirectOutcome | StopOutcome;
