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
  /** Who holds the lease. Absent where nobody does. */
  owner?: string;
  leaseUntil?: number;
  /** When a waiting execution wants to be looked at again. */
  wakeAt?: number;
  failure?: FailureRecord;
  definitionHash?: string;
  /** The execution this one was forked from. */
  parentId?: string;
  createdAt: number;
  updatedAt: number;
  /** When the status became `completed`, `failed` or `cancelled`; absent otherwise. */
  endedAt?: number;
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

/** What {@link CheckpointStore.createExecution} takes. */
export interface NewExecution {
  /** 1 to 512 bytes of well-formed Unicode without U+0000; so are `workflowId`, `userId`, `owner` and `parentId`. */
  id: string;
  workflowId: string;
  userId: string;
  /** `running` takes an `owner` and a `leaseMs`; any other status takes neither. */
  status: WorkflowStatus;
  currentStep: number;
  totalSteps: number;
  owner?: string;
  /** Milliseconds, up to a hundred years (`MAX_LEASE_MS`); a lease of zero has expired at once. */
  leaseMs?: number;
  /** An id, as `id` is. */
  definitionHash?: string;
  parentId?: string;
  /** Milliseconds since the epoch, up to 8.64e15, the last time that a `Date` can hold. */
  wakeAt?: number;
  failure?: FailureRecord;
  /**
   * When it was created, in milliseconds since the epoch, for what comes from elsewhere; never later than the store's
   * clock. Default: now.
   */
  createdAt?: number;
  /** Becomes record 0. Its `id` makes the call retry-safe; its kind is `snapshot`. */
  checkpoint: NewCheckpoint;
}

/** What {@link CheckpointStore.claimExecution} takes. */
export interface ClaimRequest {
  /** Unique per claim: sent again with the same one, the claim has no second effect. */
  claimId: string;
  owner: string;
  /** Milliseconds, up to a hundred years (`MAX_LEASE_MS`); a lease of zero has expired at once. */
  leaseMs: number;
  /** The statuses it may be claimed from. */
  from: readonly WorkflowStatus[];
  /** Takes the execution even from an owner whose lease has not lapsed. */
  force?: boolean;
}

/** How a commit changes the head. What is absent stays as it is. */
export interface HeadUpdate {
  /** Any status but `running` releases the lease. */
  status?: WorkflowStatus;
  currentStep?: number;
  totalSteps?: number;
  /** Milliseconds since the epoch, up to 8.64e15; `null` removes it. */
  wakeAt?: number | null;
  /** `null` removes it. */
  failure?: FailureRecord | null;
  /** The definition it continues with, if that was changed. */
  definitionHash?: string;
  /**
   * When it ended, in milliseconds since the epoch, for what comes from elsewhere; never later than the store's clock. It
   * goes only with a `status` that ends the execution. Default: now.
   */
  endedAt?: number;
}

/** What {@link CheckpointStore.commit} takes. */
export interface CommitRequest {
  /** Unique per commit: sent again with the same one, the commit has no second effect. */
  commitId: string;
  /** The token of the claim under which this is written. */
  token: number;
  /** The version this builds on. */
  version: number;
  checkpoint?: NewCheckpoint;
  head?: HeadUpdate;
  /** Renews the lease to this many milliseconds from now, up to a hundred years; absent leaves it as it is. */
  leaseMs?: number;
  /** Drops the records before this number, which must be that of a snapshot that is kept, or of the one in `checkpoint`. */
  dropBefore?: number;
}

/** Which records {@link CheckpointStore.readCheckpoints} reads. */
export interface ReadCheckpointsOptions {
  /** The lowest number, itself included. Default: the oldest kept. */
  from?: number;
  /** The highest number, itself included. Default: the newest. */
  to?: number;
  /** At most so many. Default: no limit. */
  limit?: number;
  /** By number. Default: "asc". */
  order?: "asc" | "desc";
}

/**
 * Which executions {@link CheckpointStore.listExecutions} lists. Conditions are joined by and.
 *
 * - A condition whose value is `undefined`, `null` or "" is refused: one that vanishes must never mean "everything".
 */
export interface ListExecutionsOptions {
  workflowId?: string;
  userId?: string;
  /** One status, or any of several; an empty list matches nothing. */
  status?: WorkflowStatus | readonly WorkflowStatus[];
  /** True: only `running` ones whose lease has lapsed by the store's clock. False is as absent. */
  leaseExpired?: boolean;
  /** True: only those whose `wakeAt` has come by the store's clock. False is as absent. */
  due?: boolean;
  parentId?: string;
  /** Milliseconds since the epoch, up to 8.64e15; only those created earlier. */
  createdBefore?: number;
  /** `nextCursor` of the page before. */
  cursor?: string;
  /** Rows in a page, 1 to 1,000. Default: 100. */
  limit?: number;
  /** By `createdAt`, then id. Default: "desc", the newest first. */
  order?: "asc" | "desc";
}

/** One page of a listing. `nextCursor` is absent on the last one. */
export interface Page<T> {
  items: T[];
  nextCursor?: string;
}

/**
 * An execution as it was when listed. With `token`, a claim since then counts as a change too.
 *
 * - Without `version` it is deleted as it is now, also if its row cannot be read. A `version` or `token` that is
 *   `undefined` is refused.
 * - A record may be handed in as it was listed.
 */
export interface ExecutionRef {
  id: string;
  version?: number;
  token?: number;
}

/** What a store can do. Core and the conformance suite rely on what is declared. */
export interface StoreCapabilities {
  /** What a resolved call wrote outlives the process. */
  readonly durable: boolean;
  /** Several processes may use the same data at once. */
  readonly multiProcess: boolean;
  /** The largest payload, in bytes of UTF-8. */
  readonly maxPayloadBytes: number;
}

/**
 * Keeps executions and their checkpoints. Policy lives in core; a store keeps records.
 *
 * - Every method rejects with a `WorkflowError` and only with the codes named for it.
 * - Only `STORE_UNAVAILABLE` may be retried. A fault of the connection becomes it within a bounded time.
 * - Any method may reject with `STORE_CLOSED` once `close()` was called.
 * - Arguments are checked first: `INVALID_ARGUMENT` means that nothing was written. Unknown names are refused, also in
 *   what is nested; an explicit `undefined` counts as absent, but in what narrows a listing or a deletion.
 * - Prove an implementation with `describeCheckpointStore` of `@waymark/core/conformance`.
 */
export interface CheckpointStore extends AsyncDisposable {
  readonly capabilities: StoreCapabilities;

  /**
   * Writes the head, the first lease and the initial snapshot (number 0), as one.
   *
   * - A new execution has version 0, and a token higher than any its id ever had.
   * - Sent again with the same `checkpoint.id`, it resolves with the record as it is now and has no second effect.
   *
   * @throws {WorkflowError} INVALID_ARGUMENT, EXECUTION_ALREADY_EXISTS, PAYLOAD_TOO_LARGE, STORE_UNAVAILABLE
   */
  createExecution(execution: NewExecution): Promise<ExecutionRecord>;

  /**
   * Reads the head.
   *
   * @throws {WorkflowError} INVALID_ARGUMENT, STORE_UNAVAILABLE
   */
  getExecution(id: string): Promise<ExecutionRecord | undefined>;

  /**
   * Makes the caller the owner: raises the token, sets the lease and the status `running`, removes `wakeAt`, `failure` and `endedAt`.
   *
   * - The version stays as it is.
   * - Checks in this order: not found, same `claimId` (resolves with the record), INVALID_STATUS, LEASE_HELD.
   * - `LEASE_HELD` carries `details.retryAfterMs`, what is left of the lease by the store's clock.
   *
   * @throws {WorkflowError} INVALID_ARGUMENT, EXECUTION_NOT_FOUND, INVALID_STATUS, LEASE_HELD, STORE_UNAVAILABLE
   */
  claimExecution(id: string, request: ClaimRequest): Promise<ExecutionRecord>;

  /**
   * Appends a checkpoint and moves the execution's head, in one atomic step.
   *
   * - Resolves once the write is durable, where `capabilities.durable`.
   * - A stale `token` changes nothing (another owner has claimed the execution).
   * - A lapsed lease that nobody has claimed still commits.
   * - A status other than `running` releases the lease.
   * - Checks in this order: not found, same `commitId` as the last (resolves), LEASE_LOST, INVALID_STATUS (the
   *   execution is suspended or ended), VERSION_CONFLICT, `dropBefore` (INVALID_ARGUMENT if it is no snapshot's).
   *
   * @throws {WorkflowError} INVALID_ARGUMENT, EXECUTION_NOT_FOUND, LEASE_LOST, INVALID_STATUS, VERSION_CONFLICT, PAYLOAD_TOO_LARGE, STORE_UNAVAILABLE
   */
  commit(id: string, request: CommitRequest): Promise<void>;

  /**
   * Reads records of an execution's history, by number.
   *
   * @throws {WorkflowError} INVALID_ARGUMENT, EXECUTION_NOT_FOUND, STORE_UNAVAILABLE
   */
  readCheckpoints(id: string, options?: ReadCheckpointsOptions): Promise<CheckpointRecord[]>;

  /**
   * Lists heads, a page at a time, without loading payloads.
   *
   * - Ordered by `createdAt`, then by the bytes of the id's UTF-8.
   * - Rows that were there when the listing began come exactly once, whatever is inserted or changed meanwhile.
   *
   * @throws {WorkflowError} INVALID_ARGUMENT, STORE_UNAVAILABLE
   */
  listExecutions(options?: ListExecutionsOptions): Promise<Page<ExecutionRecord>>;

  /**
   * Keeps a definition's canonical JSON under its hash. Kept already: nothing happens.
   *
   * @throws {WorkflowError} INVALID_ARGUMENT, PAYLOAD_TOO_LARGE, STORE_UNAVAILABLE
   */
  saveDefinition(hash: string, json: string): Promise<void>;

  /**
   * Reads a definition back.
   *
   * @throws {WorkflowError} INVALID_ARGUMENT, STORE_UNAVAILABLE
   */
  getDefinition(hash: string): Promise<string | undefined>;

  /**
   * Deletes executions with all their records, and tells how many.
   *
   * - One that is gone, or is no longer at the version (and token) named, is left alone and not counted.
   *
   * @throws {WorkflowError} INVALID_ARGUMENT, STORE_UNAVAILABLE
   */
  deleteExecutions(refs: readonly ExecutionRef[]): Promise<number>;

  /** Ends what the store owns. May be called more than once. */
  close(): Promise<void>;
}
