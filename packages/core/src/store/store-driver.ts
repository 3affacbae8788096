import type {
  CheckpointRecord,
  ClaimRequest,
  CommitRequest,
  ExecutionRecord,
  ExecutionRef,
  NewExecution,
} from "./checkpoint-store.ts";
import type { ListQuery } from "./list-query.ts";
import type { PagePosition } from "./paging.ts";

/** A head, together with the ids by which repeated calls are recognized. */
export interface StoredHead {
  record: ExecutionRecord;
  initialCheckpointId?: string | undefined;
  lastClaimId?: string | undefined;
  lastCommitId?: string | undefined;
}

/**
 * The result of a write that was refused and changed nothing.
 *
 * - `head` is the head that the driver read, or `null` if there is no such execution. If it is absent, the store reads
 *   the head to find the reason.
 */
export interface Refused {
  refused: true;
  head?: StoredHead | null;
}

/** The result of a write that was refused, without the head. */
export const REFUSED: Refused = Object.freeze({ refused: true });

/** An execution in a listing. */
export interface ListedExecution {
  record: ExecutionRecord;
  /** Its place in the listing. Needed only if the fields of `record` that name the place cannot be read. */
  position?: PagePosition;
}

/** The range of records to read from a history. */
export interface HistoryRange {
  /** The lowest number, inclusive. */
  from: number;
  /** The highest number, inclusive; `Number.MAX_SAFE_INTEGER` if there is no limit. */
  to: number;
  limit?: number;
  order: "asc" | "desc";
}

/**
 * Reads and writes the records of a store, and does nothing else. {@link defineStore} makes a store of it.
 *
 * - Its arguments have been checked for type and size. It must itself detect an unknown id, a stale token and the like:
 *   a write checks its conditions in the same atomic step, and returns {@link Refused} if they do not hold.
 * - It throws the errors that `CheckpointStore` names for the method. A connection fault is STORE_UNAVAILABLE.
 */
export interface StoreDriver {
  /**
   * The version of the store interface for which the driver was written: a number of its own, so that an engine can
   * refuse it (`readonly interfaceVersion: typeof STORE_INTERFACE = 1`). Default: that of the core beside it.
   */
  readonly interfaceVersion?: number;

  /**
   * Prepares the database. Called once, before the first call. If it fails, it is called again before the next call.
   */
  setup?(): Promise<void>;

  /** Writes the head, the first lease and the initial snapshot in one atomic step. Refused if the id is taken. */
  createExecution(execution: NewExecution): Promise<ExecutionRecord | Refused>;

  /** Reads a head. `readAt` is the store's time. */
  readHead(id: string): Promise<StoredHead | undefined>;

  /**
   * Changes the head as `claimedHead` does and keeps the `claimId`, in one atomic step.
   *
   * - Refused if the id is unknown, the `claimId` is that of the last claim, or `claimRefusal` names a reason.
   */
  claimExecution(id: string, request: ClaimRequest): Promise<ExecutionRecord | Refused>;

  /**
   * Appends records, changes the head as `committedHead` does and keeps the `commitId`, in one atomic step.
   *
   * - Refused if the id is unknown, the `commitId` is that of the last commit, `commitRefusal` names a reason, or
   *   `dropBefore` is not the number of a snapshot.
   */
  commit(id: string, request: CommitRequest): Promise<Refused | undefined>;

  /** Returns whether a record exists and is a snapshot. Called to explain a commit that was refused. */
  isSnapshot(id: string, seq: number): Promise<boolean>;

  /** Reads records; `undefined` if there is no such execution. */
  readRecords(id: string, range: HistoryRange): Promise<CheckpointRecord[] | undefined>;

  /** Reads up to `query.limit` + 1 rows. The extra row shows that another page follows. */
  listExecutions(query: ListQuery): Promise<ListedExecution[]>;

  /** Keeps a definition if its hash is new. Records the time of the call in any case. */
  saveDefinition(hash: string, json: string): Promise<void>;

  /** Reads a definition. */
  readDefinition(hash: string): Promise<string | undefined>;

  /**
   * Deletes the definitions that no execution refers to and that were last saved this long ago. Returns their number.
   */
  deleteUnusedDefinitions(olderThanMs: number): Promise<number>;

  /** Deletes those of up to 100 executions that still match, with all their records. Returns the number deleted. */
  deleteExecutions(refs: readonly ExecutionRef[]): Promise<number>;

  /**
   * Closes the resources that the store owns. Called once, after the last call has ended or `close` stopped waiting.
   */
  close(): Promise<void>;
}
