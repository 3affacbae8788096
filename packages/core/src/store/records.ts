/**
 * The status of an execution.
 *
 * - `pending`: nobody owns it; it waits to be resumed (its budget was spent, or its signal was aborted).
 * - `running`: an owner holds its lease. Once `leaseUntil` has passed, that owner is presumed dead.
 * - `suspended`: a node waits for something from outside.
 * - `completed`, `failed`, `cancelled`: ended. A failed execution can be resumed.
 */
export type WorkflowStatus = "pending" | "running" | "suspended" | "completed" | "failed" | "cancelled";

/**
 * The reason why an execution or a node failed, as stores keep it: plain JSON values only.
 *
 * - Its texts may hold any characters, U+0000 and lone surrogates included. Keep it as JSON text, which escapes both,
 *   in a text column (PostgreSQL's `jsonb` refuses them).
 * - At most 1 MiB as JSON.
 */
export interface FailureRecord {
  /** The engine's code for the failure. */
  code: string;
  message: string;
  nodeId?: string;
  nodeName?: string;
  /** The number of times the node was started, over all runs. */
  attempts?: number;
  /** The `name` of the error that was thrown. */
  name?: string;
  /** The thrown error's own `code`, such as "ECONNREFUSED" or 23505. Absent if it equals `code` above. */
  errorCode?: string | number;
  /** The thrown error's `status`, its `statusCode`, or the status of its `response`. */
  status?: string | number;
  stack?: string;
  /** The thrown error's `cause`. Failures from before causes were kept whole have a text here. */
  cause?: ErrorRecord | string;
  /** The errors of an AggregateError, or the two of a SuppressedError: first the one that hid the other. */
  errors?: ErrorRecord[];
}

/** An error inside a failure: a cause, or one of the errors of an AggregateError. */
export interface ErrorRecord {
  message: string;
  name?: string;
  code?: string | number;
  status?: string | number;
  stack?: string;
  cause?: ErrorRecord;
  errors?: ErrorRecord[];
}

/** A node that waits for something from outside, as listed in an execution's head. */
export interface WaitingNode {
  nodeId: string;
  nodeName: string;
  visit: number;
  /** Up to 200 characters. */
  reason?: string;
  /** Milliseconds since the epoch; so is `until`. */
  since: number;
  /** The time at which the node runs again without an answer. */
  until?: number;
}

/**
 * The head of an execution: everything about it except its context.
 *
 * All times are milliseconds since the epoch by the store's clock.
 */
export interface ExecutionRecord {
  id: string;
  workflowId: string;
  userId: string;
  status: WorkflowStatus;
  /** Rises by one with every commit. */
  version: number;
  /** The fencing token. It rises with every claim and is never used twice for an id, even after a deletion. */
  token: number;
  /** The number of the newest record; the initial snapshot is 0. */
  seq: number;
  /** The number of the newest record of kind `snapshot`. */
  snapshotSeq: number;
  /** The number of the oldest record that is kept. */
  firstSeq: number;
  /** The number of checkpoints that users see: all records ever written, except record 0 and those of kind `save`. */
  checkpointsCount: number;
  currentStep: number;
  totalSteps: number;
  /** The run that holds the lease. Absent if no run holds it. */
  owner?: string;
  leaseUntil?: number;
  /** The time from which a pending or suspended execution is due to run. */
  wakeAt?: number;
  /** The nodes that wait for something from outside. Only the first 100 are listed. */
  waiting?: readonly WaitingNode[];
  /** The number of all nodes that wait. */
  waitingCount?: number;
  failure?: FailureRecord;
  /**
   * The number of claims while it was `running`, counted since its last checkpoint or its last claim from another
   * status.
   */
  recoveries: number;
  /** The time by which it must have ended. */
  deadlineAt?: number;
  definitionHash?: string;
  /** The execution whose node started this one. */
  parentId?: string;
  parentNodeId?: string;
  /** The visit of that node. */
  parentVisit?: number;
  /** The execution that this one was forked from. */
  forkedFromId?: string;
  /** The number of the record that it was forked after. */
  forkedFromSeq?: number;
  /** The caller's own texts, set at creation: tags, a trace context. */
  metadata?: Readonly<Record<string, string>>;
  createdAt: number;
  updatedAt: number;
  /** The time at which the status became `completed`, `failed` or `cancelled`. Absent in any other status. */
  endedAt?: number;
  /** The store's time when this record was read. */
  readAt: number;
  /**
   * The names of the fields whose stored values cannot be read (for example, because a row was edited by hand). Such an
   * execution can be listed and deleted; everything else is refused as STATE_CORRUPT. Absent if all fields can be read.
   */
  unreadable?: readonly string[];
}

/**
 * The kind of a record.
 *
 * - `snapshot`: the whole state. Record 0 is the initial one; every later one is also the checkpoint of a node.
 * - `delta`: the changes that a node made since the record before.
 * - `error`: a node failed; the state is that of the record before.
 * - `save`: a change between nodes; users do not see it as a checkpoint.
 */
export type CheckpointKind = "snapshot" | "delta" | "error" | "save";

/** One numbered entry in an execution's history. */
export interface CheckpointRecord {
  /** Unique within the execution; made by core. */
  id: string;
  seq: number;
  kind: CheckpointKind;
  /** Up to 512 bytes of UTF-8. Empty in the initial snapshot and in saves. */
  nodeId: string;
  /** Up to 4,096 bytes of UTF-8. */
  nodeName: string;
  /** Counts the runs of the node in this execution, from 1. */
  visit: number;
  stepNumber: number;
  /** 1-based. */
  attempt: number;
  /** Zero or more, with fractions. */
  durationMs: number;
  /** Well-formed text without U+0000. The store does not interpret it and keeps it byte for byte. */
  payload: string;
  /** Milliseconds since the epoch, as given. */
  timestamp: number;
  error?: FailureRecord;
}

/** A record as core passes it to a store, which numbers it. */
export type NewCheckpoint = Omit<CheckpointRecord, "seq">;
