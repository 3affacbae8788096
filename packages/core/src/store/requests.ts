import type { FailureRecord, NewCheckpoint, WaitingNode, WorkflowStatus } from "./records.ts";

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
  /** An id, as `id` is; so are `parentNodeId` and `forkedFromId`. */
  parentId?: string;
  parentNodeId?: string;
  parentVisit?: number;
  forkedFromId?: string;
  forkedFromSeq?: number;
  /** Up to 4,096 bytes as JSON. */
  metadata?: Readonly<Record<string, string>>;
  /** Milliseconds since the epoch, up to 8.64e15, the last time that a `Date` can hold. */
  wakeAt?: number;
  /** The same as a duration: milliseconds from now, up to a hundred years. It does not go with `wakeAt`. */
  wakeInMs?: number;
  /** Milliseconds from now, up to a hundred years, after which it must have ended; kept as `deadlineAt`. */
  deadlineMs?: number;
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
  /** Ends the execution as `cancelled` with this failure, in place of taking it over: nobody owns it then. */
  cancel?: FailureRecord;
}

/** How a commit changes the head. What is absent stays as it is. */
export interface HeadUpdate {
  /** Any status but `running` releases the lease. */
  status?: WorkflowStatus;
  currentStep?: number;
  totalSteps?: number;
  /** Milliseconds since the epoch, up to 8.64e15; `null` removes it. */
  wakeAt?: number | null;
  /** Sets `wakeAt` to this many milliseconds from now, up to a hundred years. It does not go with `wakeAt`. */
  wakeInMs?: number;
  /** Up to 100 nodes, whose reasons have up to 200 characters; `null` removes it. */
  waiting?: readonly WaitingNode[] | null;
  /** `null` removes it. */
  waitingCount?: number | null;
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
  /** Up to 100, which are numbered in this order. */
  checkpoints?: readonly NewCheckpoint[];
  head?: HeadUpdate;
  /** Renews the lease to this many milliseconds from now, up to a hundred years; absent leaves it as it is. */
  leaseMs?: number;
  /** Drops the records before this number, which must be that of a snapshot that is kept, or of one in `checkpoints`. */
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
 * - Times are milliseconds since the epoch, up to 8.64e15, by the store's clock.
 */
export interface ListExecutionsOptions {
  workflowId?: string;
  userId?: string;
  /** One status, or any of several; an empty list matches nothing. */
  status?: WorkflowStatus | readonly WorkflowStatus[];
  /**
   * True: only `running` ones whose lease has lapsed, ordered by `leaseUntil`, then id. False is as absent.
   *
   * - True does not go with `due`, `order` and `createdBefore`.
   */
  leaseExpired?: boolean;
  /**
   * True: only `pending` and `suspended` ones whose `wakeAt` has come, ordered by `wakeAt`, then id. False is as absent.
   *
   * - True does not go with `leaseExpired`, `order` and `createdBefore`.
   */
  due?: boolean;
  parentId?: string;
  /** True: only those without a `parentId`. False is as absent. True does not go with `parentId`. */
  topLevel?: boolean;
  /** Only those created later. */
  createdAfter?: number;
  /** Only those created earlier. */
  createdBefore?: number;
  /** Only those that have ended, and later than this. */
  endedAfter?: number;
  /** Only those that ended this many milliseconds ago, or longer; up to a hundred years. */
  endedForMs?: number;
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

/** What {@link CheckpointStore.deleteUnusedDefinitions} takes. */
export interface DeleteUnusedDefinitionsOptions {
  /** Milliseconds since a definition was last saved, by the store's clock: 600,000 (ten minutes) or more. */
  olderThanMs: number;
}
