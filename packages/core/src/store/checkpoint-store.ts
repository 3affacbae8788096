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

/** The abilities of a store. Core and the conformance suite rely on what is declared here. */
export interface StoreCapabilities {
  /** A write outlives the process once its call has resolved. */
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
 * - Only `STORE_UNAVAILABLE` may be retried. A connection fault is reported as this code within a bounded time.
 * - Any method may reject with `STORE_CLOSED` once `close()` was called, and with `STATE_VERSION_UNSUPPORTED` if a newer
 *   version has changed the tables or keys.
 * - A method that reads stored data may reject with `STATE_CORRUPT` if that data cannot be read. A damaged execution can
 *   still be listed, and be deleted by its id.
 * - Arguments are checked first: `INVALID_ARGUMENT` means that nothing was written. Unknown names are refused, also in
 *   nested objects. An explicit `undefined` counts as absent, except in a field that narrows a listing or a deletion.
 * - Prove an implementation with `describeCheckpointStore` of `@waymark/core/conformance`.
 *
 * @see https://github.com/waymark-dev/waymark/blob/main/docs/write-a-store.md
 */
export interface CheckpointStore extends AsyncDisposable {
  readonly capabilities: StoreCapabilities;

  /**
   * The version of this interface for which the store was written. An engine refuses another one than its own. If it is
   * absent, nothing is checked. `defineStore` sets it.
   */
  readonly interfaceVersion?: number;

  /**
   * The caller's transaction that this view of a store works in: `inTransaction` sets it. An engine passes it to its
   * dispatcher, which adds its job there.
   */
  readonly transaction?: unknown;

  /**
   * Writes the head, the first lease and the initial snapshot (number 0) in one atomic step.
   *
   * - A new execution has version 0, and a token higher than any that its id ever had.
   * - If the call is repeated with the same `checkpoint.id`, it resolves with the current record and changes nothing.
   *
   * @throws {WorkflowError} INVALID_ARGUMENT, EXECUTION_ALREADY_EXISTS, PAYLOAD_TOO_LARGE, STORE_UNAVAILABLE
   *
   * @example
   * ```ts
   * const { token, version } = await store.createExecution({
   *   id: "e1", workflowId: "order", userId: "ada", status: "running", currentStep: 0, totalSteps: 3,
   *   owner: "worker-1", leaseMs: 30_000, checkpoint,
   * });
   * ```
   */
  createExecution(execution: NewExecution): Promise<ExecutionRecord>;

  /**
   * Reads the head.
   *
   * @throws {WorkflowError} INVALID_ARGUMENT, STORE_UNAVAILABLE
   *
   * @example
   * ```ts
   * const head = await store.getExecution("e1");
   * if (head?.status === "failed") console.error(head.failure);
   * ```
   */
  getExecution(id: string): Promise<ExecutionRecord | undefined>;

  /**
   * Makes the caller the owner: raises the token, sets the lease and the status `running`.
   *
   * - From `running`, `failure` stays and `recoveries` rises by one. From any other status, `failure` and `endedAt` are
   *   removed and `recoveries` becomes 0. `wakeAt` and `waiting` stay until a commit changes them.
   * - With `cancel`, the claim ends the execution: the token rises, the status becomes `cancelled` and `failure` is the
   *   one given. The lease, `wakeAt` and `waiting` are removed. Concurrent commits cannot delay it.
   * - The version stays as it is.
   * - Checks in this order: not found, same `claimId` (resolves with the record), INVALID_STATUS, LEASE_HELD.
   * - `LEASE_HELD` carries `details.retryAfterMs`: the rest of the lease, in milliseconds by the store's clock.
   *
   * @throws {WorkflowError} INVALID_ARGUMENT, EXECUTION_NOT_FOUND, INVALID_STATUS, LEASE_HELD, STORE_UNAVAILABLE
   *
   * @example
   * ```ts
   * const { token, version } = await store.claimExecution("e1", {
   *   claimId: randomUUID(), owner: "worker-2", leaseMs: 30_000, from: ["running", "failed"],
   * });
   * ```
   */
  claimExecution(id: string, request: ClaimRequest): Promise<ExecutionRecord>;

  /**
   * Appends checkpoints and moves the execution's head, in one atomic step.
   *
   * - Resolves once the write is durable, if `capabilities.durable` is true.
   * - A stale `token` changes nothing (another owner has claimed the execution).
   * - An owner whose lease has lapsed can still commit until another one claims the execution.
   * - A status other than `running` releases the lease.
   * - A checkpoint that users see (any kind but `save`) sets `recoveries` to 0.
   * - Checks in this order: not found, same `commitId` as the last (resolves), LEASE_LOST, INVALID_STATUS (the
   *   execution is suspended or has ended), VERSION_CONFLICT, `dropBefore` (INVALID_ARGUMENT if it is not the number of
   *   a snapshot).
   *
   * @throws {WorkflowError} INVALID_ARGUMENT, EXECUTION_NOT_FOUND, LEASE_LOST, INVALID_STATUS, VERSION_CONFLICT, PAYLOAD_TOO_LARGE, STORE_UNAVAILABLE
   *
   * @example
   * ```ts
   * await store.commit("e1", { commitId: checkpoint.id, token, version, checkpoints: [checkpoint], leaseMs: 30_000 });
   * ```
   */
  commit(id: string, request: CommitRequest): Promise<void>;

  /**
   * Reads records of an execution's history, in the order of their numbers.
   *
   * @throws {WorkflowError} INVALID_ARGUMENT, EXECUTION_NOT_FOUND, STORE_UNAVAILABLE
   *
   * @example
   * ```ts
   * const [last] = await store.readCheckpoints("e1", { order: "desc", limit: 1 });
   * ```
   */
  readCheckpoints(id: string, options?: ReadCheckpointsOptions): Promise<CheckpointRecord[]>;

  /**
   * Lists heads, one page at a time, without loading payloads.
   *
   * - Ordered by `createdAt`, then by the UTF-8 bytes of the id. `due` is ordered by `wakeAt`, and `leaseExpired` by
   *   `leaseUntil`, instead of by `createdAt`.
   * - A row that existed when the listing began is listed exactly once, whatever is inserted or changed meanwhile. For
   *   `due` and `leaseExpired` this holds for rows whose time stays the same.
   *
   * @throws {WorkflowError} INVALID_ARGUMENT, STORE_UNAVAILABLE
   *
   * @example
   * ```ts
   * const { items, nextCursor } = await store.listExecutions({ due: true, limit: 100 });
   * ```
   */
  listExecutions(options?: ListExecutionsOptions): Promise<Page<ExecutionRecord>>;

  /**
   * Keeps a definition's canonical JSON under its hash, and records the time of the call. If the hash is kept already,
   * only the time is updated.
   *
   * @throws {WorkflowError} INVALID_ARGUMENT, PAYLOAD_TOO_LARGE, STORE_UNAVAILABLE
   *
   * @example
   * ```ts
   * await store.saveDefinition(hash, json);
   * ```
   */
  saveDefinition(hash: string, json: string): Promise<void>;

  /**
   * Reads the JSON that is kept under a hash; `undefined` if there is none.
   *
   * @throws {WorkflowError} INVALID_ARGUMENT, STORE_UNAVAILABLE
   *
   * @example
   * ```ts
   * const json = await store.getDefinition(hash);
   * ```
   */
  getDefinition(hash: string): Promise<string | undefined>;

  /**
   * Deletes the definitions that no execution refers to and that were last saved at least `olderThanMs` ago. Returns
   * their number.
   *
   * @throws {WorkflowError} INVALID_ARGUMENT, STORE_UNAVAILABLE
   *
   * @example
   * ```ts
   * const deleted = await store.deleteUnusedDefinitions({ olderThanMs: 30 * 86_400_000 });
   * ```
   */
  deleteUnusedDefinitions(options: DeleteUnusedDefinitionsOptions): Promise<number>;

  /**
   * Deletes executions with all their records, and returns how many were deleted.
   *
   * - An execution that no longer exists, or whose version or token is not the given one, is left alone and not
   *   counted.
   *
   * @throws {WorkflowError} INVALID_ARGUMENT, STORE_UNAVAILABLE
   *
   * @example
   * ```ts
   * const deleted = await store.deleteExecutions(items.map(({ id, version, token }) => ({ id, version, token })));
   * ```
   */
  deleteExecutions(refs: readonly ExecutionRef[]): Promise<number>;

  /**
   * Closes the connections and other resources that the store owns. May be called more than once.
   *
   * @example
   * ```ts
   * await store.close();
   * ```
   */
  close(): Promise<void>;
}
