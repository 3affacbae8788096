/** One call of a node's executor in a run of V1. Its values are copies. */
export interface RecordedNode {
  /** Absent if the arguments of the executor did not name it. */
  nodeId?: string;
  nodeType: string;
  /** The node's `data`, if the arguments had it. */
  data?: unknown;
  /** The context as it was when the executor was called. */
  given: unknown;
  /**
   * The context that V1 continued with: that of the next call, or the output. So it has what the node changed in place, and
   * what V1 itself made of the result. Absent if the node failed, or if V1 ended without an output.
   */
  gave?: unknown;
  /** The handles that the result chose by `route()`; `null` for `end()`. */
  handles?: readonly string[] | null;
  /** The message of what it threw. */
  error?: string;
  /** Milliseconds since 1970. */
  startedAt: number;
  durationMs: number;
}

/** The reason for which a recording cannot be compared. */
export type RecordingProblem = "too-large" | "unreadable" | "overlapping";

/** A run of V1: what went in, what each node got and gave, and what came out. */
export interface Recording {
  workflowId: string;
  userId: string;
  initialData: unknown;
  /** The call's own, if it has one that V2 knows. */
  startAt?: string | readonly string[];
  /** In the order of their calls. A call that was tried again by V1 counts once, with its last try. */
  nodes: readonly RecordedNode[];
  result: { success: boolean; output?: unknown; error?: string };
  /** Set if the copies are not complete. */
  problem?: RecordingProblem;
  /** The size of all copies, as estimated. */
  bytes: number;
  /** The time that the recording added to the run, in milliseconds. */
  recordingMs: number;
}
