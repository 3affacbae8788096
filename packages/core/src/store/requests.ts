import type { FailureRecord, NewCheckpoint, WaitingNode, WorkflowStatus } from "./records.ts";

/** The argument of {@link CheckpointStore.createExecution}. */
export interface NewExecution {
  /** 1 to 512 bytes of well-formed Unicode without U+0000. So are `owner`, `definitionHash` and every other id. */
  id: string;
  workflowId: string;
  userId: string;
  /** With `running`, an `owner` and a `leaseMs` are required. With any other status, neither is allowed. */
  status: WorkflowStatus;
  currentStep: number;
  totalSteps: number;
  owner?: string;
  /** Milliseconds, up to a hundred years (`MAX_LEASE_MS`). A lease of zero expires at once. */
  leaseMs?: number;
  definitionHash?: string;
  parentId?: string;
  parentNodeId?: string;
  parentVisit?: number;
  forkedFromId?: string;
  forkedFromSeq?: number;
  /** Up to 4,096 bytes as JSON. */
  metadata?: Readonly<Record<string, string>>;
  /** Milliseconds since the epoch, up to 8.64e15, the last time that a `Date` can hold. */
  wakeAt?: number;
  /** Sets `wakeAt` to this many milliseconds from now, up to a hundred years. Cannot be combined with `wakeAt`. */
  wakeInMs?: number;
  /** Milliseconds from now, up to a hundred years, within which it must have ended. Kept as `deadlineAt`. */
  deadlineMs?: number;
  failure?: FailureRecord;
  /**
   * The creation time of an execution that is imported, in milliseconds since the epoch. A time later than the store's
   * clock is kept as the store's time. Default: now.
   */
  createdAt?: number;
  /** Becomes record 0. Its `id` makes the call safe to retry. Its kind must be `snapshot`. */
  checkpoint: NewCheckpoint;
}

/** The second argument of {@link CheckpointStore.claimExecution}. */
export interface ClaimRequest {
  /** Unique per claim. A claim that is repeated with the same `claimId` has no second effect. */
  claimId: string;
  owner: string;
  /** Milliseconds, up to a hundred years (`MAX_LEASE_MS`). A lease of zero expires at once. */
  leaseMs: number;
  /** The statuses from which the execution may be claimed. */
  from: readonly WorkflowStatus[];
  /** Claims the execution even if its owner's lease has not lapsed. */
  force?: boolean;
  /** Ends the execution as `cancelled` with this failure, instead of taking it over. Nobody owns it afterwards. */
  cancel?: FailureRecord;
}

/** The changes that a commit makes to the head. A field that is absent stays as it is. */
export interface HeadUpdate {
  /** Any status but `running` releases the lease. */
  status?: WorkflowStatus;
  currentStep?: number;
  totalSteps?: number;
  /** Milliseconds since the epoch, up to 8.64e15; `null` removes the field. */
  wakeAt?: number | null;
  /** Sets `wakeAt` to this many milliseconds from now, up to a hundred years. Cannot be combined with `wakeAt`. */
  wakeInMs?: number;
  /** Up to 100 nodes, with reasons of up to 200 characters; `null` removes the field. */
  waiting?: readonly WaitingNode[] | null;
  /** `null` removes the field. */
  waitingCount?: number | null;
  /** `null` removes the field. */
  failure?: FailureRecord | null;
  /** The hash of the definition that the execution continues with, if it changes. */
  definitionHash?: string;
  /**
   * The end time of an execution that is imported, in milliseconds since the epoch. A time later than the store's clock
   * is kept as the store's time. Allowed only with a `status` that ends the execution. Default: now.
   */
  endedAt?: number;
}

/** The second argument of {@link CheckpointStore.commit}. */
export interface CommitRequest {
  /** Unique per commit. A commit that is repeated with the same `commitId` has no second effect. */
  commitId: string;
  /** The token of the claim under which the commit is made. */
  token: number;
  /** The version of the head that the commit is based on. */
  version: number;
  /** Up to 100. The store numbers them in this order. */
  checkpoints?: readonly NewCheckpoint[];
  head?: HeadUpdate;
  /**
   * Renews the lease to this many milliseconds from now, up to a hundred years. If absent, the lease stays as it is.
   */
  leaseMs?: number;
  /**
   * Deletes the records before this number, which must belong to a snapshot: one that is kept, or one in `checkpoints`.
   */
  dropBefore?: number;
}

/**
 * The range of records that {@link CheckpointStore.readCheckpoints} reads.
 *
 * @see https://github.com/waymark-dev/waymark/blob/main/docs/write-a-store.md#6-history-and-listing
 */
export interface ReadCheckpointsOptions {
  /** The lowest number, inclusive. Default: the oldest that is kept. */
  from?: number;
  /** The highest number, inclusive. Default: the newest. */
  to?: number;
  /** The most records that are read. Default: no limit. */
  limit?: number;
  /** By number. Default: "asc". */
  order?: "asc" | "desc";
}

/**
 * The conditions of {@link CheckpointStore.listExecutions}. An execution is listed if it fulfils all of them.
 *
 * - A condition whose value is `undefined`, `null` or "" is refused: a missing value must never mean "everything".
 * - Times are milliseconds since the epoch, up to 8.64e15, by the store's clock.
 *
 * @see https://github.com/waymark-dev/waymark/blob/main/docs/write-a-store.md#6-history-and-listing
 */
export interface ListExecutionsOptions {
  workflowId?: string;
  userId?: string;
  /** One status, or any of several; an empty list matches nothing. */
  status?: WorkflowStatus | readonly WorkflowStatus[];
  /**
   * True: only `running` ones whose lease has lapsed, ordered by `leaseUntil`, then id. False has no effect.
   *
   * - True cannot be combined with `due`, `order` or `createdBefore`.
   */
  leaseExpired?: boolean;
  /**
   * True: only `pending` and `suspended` ones whose `wakeAt` has passed, ordered by `wakeAt`, then id. False has no
   * effect.
   *
   * - True cannot be combined with `leaseExpired`, `order` or `createdBefore`.
   */
  due?: boolean;
  parentId?: string;
  /** True: only those without a `parentId`. False has no effect. True cannot be combined with `parentId`. */
  topLevel?: boolean;
  /** Only those created after this time. */
  createdAfter?: number;
  /** Only those created before this time. */
  createdBefore?: number;
  /** Only those that ended after this time. */
  endedAfter?: number;
  /** Only those that ended at least this many milliseconds ago; up to a hundred years. */
  endedForMs?: number;
  /** The `nextCursor` of the page before. */
  cursor?: string;
  /** The most rows in a page, 1 to 1,000. Default: 100. */
  limit?: number;
  /** By `createdAt`, then id. Default: "desc", the newest first. */
  order?: "asc" | "desc";
}

/** One page of a listing. `nextCursor` is absent on the last page. */
export interface Page<T> {
  items: T[];
  nextCursor?: string;
}

/**
 * An execution to delete, if it is still at the given version (and token). A claim changes only the token.
 *
 * - Without `version` it is deleted in whatever state it is, even if its row cannot be read. A `version` or `token`
 *   that is `undefined` is refused.
 * - A record may be passed exactly as it was listed.
 */
export interface ExecutionRef {
  id: string;
  version?: number;
  token?: number;
}

/**
 * The argument of {@link CheckpointStore.deleteUnusedDefinitions}.
 *
 * @see https://github.com/waymark-dev/waymark/blob/main/docs/write-a-store.md#7-the-rest
 */
export interface DeleteUnusedDefinitionsOptions {
  /**
   * The least time since a definition was last saved: 600,000 milliseconds (ten minutes) or more, by the store's clock.
   */
  olderThanMs: number;
}
