import type { CheckpointRecord, ExecutionRecord } from "./records.ts";
import type {
  ClaimRequest,
  CommitRequest,
  DeleteUnusedDefinitionsOptions,
  ExecutionRef,
  ListExecutionsOptions,
  NewExecution,
  Page,
  ReadCheckpointsOptions,
} from "./requests.ts";

export type {
  CheckpointKind,
  CheckpointRecord,
  ErrorRecord,
  ExecutionRecord,
  FailureRecord,
  NewCheckpoint,
  WaitingNode,
  WorkflowStatus,
} from "./records.ts";
export type {
  ClaimRequest,
  CommitRequest,
  DeleteUnusedDefinitionsOptions,
  ExecutionRef,
  HeadUpdate,
  ListExecutionsOptions,
  NewExecution,
  Page,
  ReadCheckpointsOptions,
} from "./requests.ts";

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
   * Makes the caller the owner: raises the token, sets the lease and the status `running`.
   *
   * - From `running`, `failure` stays and `recoveries` rises by one. From any other status `failure` and `endedAt` are
   *   removed and `recoveries` is 0. `wakeAt` and `waiting` stay until a commit changes them.
   * - With `cancel` it ends the execution: the token rises, the status is `cancelled`, `failure` is the one given. The
   *   lease, `wakeAt` and `waiting` are removed. No stream of commits can hold it up.
   * - The version stays as it is.
   * - Checks in this order: not found, same `claimId` (resolves with the record), INVALID_STATUS, LEASE_HELD.
   * - `LEASE_HELD` carries `details.retryAfterMs`, what is left of the lease by the store's clock.
   *
   * @throws {WorkflowError} INVALID_ARGUMENT, EXECUTION_NOT_FOUND, INVALID_STATUS, LEASE_HELD, STORE_UNAVAILABLE
   */
  claimExecution(id: string, request: ClaimRequest): Promise<ExecutionRecord>;

  /**
   * Appends checkpoints and moves the execution's head, in one atomic step.
   *
   * - Resolves once the write is durable, where `capabilities.durable`.
   * - A stale `token` changes nothing (another owner has claimed the execution).
   * - A lapsed lease that nobody has claimed still commits.
   * - A status other than `running` releases the lease.
   * - A checkpoint that users see (any kind but `save`) sets `recoveries` to 0.
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
   * - Ordered by `createdAt`, then by the bytes of the id's UTF-8; `due` by `wakeAt` and `leaseExpired` by `leaseUntil`.
   * - Rows that were there when the listing began come exactly once, whatever is inserted or changed meanwhile. In `due`
   *   and `leaseExpired` that is so for those whose time stays the same.
   *
   * @throws {WorkflowError} INVALID_ARGUMENT, STORE_UNAVAILABLE
   */
  listExecutions(options?: ListExecutionsOptions): Promise<Page<ExecutionRecord>>;

  /**
   * Keeps a definition's canonical JSON under its hash, and notes the time. Kept already: only the time is noted.
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
   * Deletes the definitions that no execution names and that were not saved lately, and returns their number.
   *
   * @throws {WorkflowError} INVALID_ARGUMENT, STORE_UNAVAILABLE
   */
  deleteUnusedDefinitions(options: DeleteUnusedDefinitionsOptions): Promise<number>;

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
