/**
 * Where an execution stands.
 *
 * - `pending`: nobody owns it; it waits to be resumed (a spent budget, an aborted signal).
 * - `running`: an owner has it. When `leaseUntil` has passed, that owner is presumed dead.
 * - `suspended`: a node waits for something from outside.
 * - `completed`, `failed`, `cancelled`: ended. A failed execution can be resumed.
 */
export type WorkflowStatus = "pending" | "running" | "suspended" | "completed" | "failed" | "cancelled";

/**
 * Why an execution or a node failed, as it is kept: plain JSON values only.
 *
 * - Its texts may hold anything that was thrown, also U+0000 and lone surrogates. Keep it as JSON text, which escapes
 *   both, in a text column (PostgreSQL's `jsonb` refuses them).
 * - At most 1 MiB as JSON.
 */
export interface FailureRecord {
  /** What the engine has found out. */
  code: string;
  message: string;
  nodeId?: string;
  nodeName?: string;
  /** How often the node was started, over all runs. */
  attempts?: number;
  /** Of the error that was thrown: its `name`. */
  name?: string;
  /** Its own `code`: "ECONNREFUSED", 23505. Absent if it is the one above. */
  errorCode?: string | number;
  /** Its `status`, `statusCode`, or the status of its `response`. */
  status?: string | number;
  stack?: string;
  /** Its `cause`. A text in failures that were kept before causes were kept whole. */
  cause?: ErrorRecord | string;
  /** The errors of an AggregateError. */
  errors?: ErrorRecord[];
}

/** What is kept of an error inside a failure: of a cause, or of one of several errors. */
export interface ErrorRecord {
  message: string;
  name?: string;
  code?: string | number;
  status?: string | number;
  stack?: string;
  cause?: ErrorRecord;
  errors?: ErrorRecord[];
}

/** A node that waits for something from outside, as an execution's head names it. */
export interface WaitingNode {
  nodeId: string;
  nodeName: string;
  visit: number;
  /** Up to 200 characters. */
  reason?: string;
  /** Milliseconds since the epoch; so is `until`. */
  since: number;
  /** When the node runs again without an answer. */
  until?: number;
}

/**
 * The head of an execution: everything about it but its context.
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
  /** The fencing token: rises with every claim, never used twice for an id, even after a deletion. */
  token: number;
  /** The number of the newest record; the initial snapshot is 0. */
  seq: number;
  /** The number of the newest record of kind `snapshot`. */
  snapshotSeq: number;
  /** The number of the oldest record that is kept. */
  firstSeq: number;
  /** How many checkpoints users see: the records of kind `delta`, `error` and, but for number 0, `snapshot`, ever written. */
  checkpointsCount: number;
  currentStep: number;
  totalSteps: number;
  /** The run that holds the lease. Absent if none does. */
  owner?: string;
  leaseUntil?: number;
  /** When a pending or suspended execution wants to run. */
  wakeAt?: number;
  /** The nodes that wait for something from outside: the first 100 of them. */
  waiting?: readonly WaitingNode[];
  /** The number of nodes that wait. */
  waitingCount?: number;
  failure?: FailureRecord;
  /** The number of claims of it while it was `running`, since its last checkpoint and since any other claim. */
  recoveries: number;
  /** When it must have ended. */
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
  /** When the status became `completed`, `failed` or `cancelled`; absent otherwise. */
  endedAt?: number;
  /** The store's time when this was read. */
  readAt: number;
  /**
   * Names the fields whose stored values cannot be read (a row that was edited by hand, say). Such an execution can be
   * listed and deleted; everything else is refused as STATE_CORRUPT. Absent if all is well.
   */
  unreadable?: readonly string[];
}

/**
 * What a record holds.
 *
 * - `snapshot`: the whole state. Record 0 is the initial one; every later one is also the checkpoint of a node.
 * - `delta`: what a node changed since the record before.
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
  /** Opaque to the store: well-formed text without U+0000, kept byte for byte. */
  payload: string;
  /** Milliseconds since the epoch, as given. */
  timestamp: number;
  error?: FailureRecord;
}

/** A record as core hands it in: the store numbers it. */
export type NewCheckpoint = Omit<CheckpointRecord, "seq">;
