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

/** A head, with the ids by which calls that are sent again are recognized. */
export interface StoredHead {
  record: ExecutionRecord;
  initialCheckpointId?: string | undefined;
  lastClaimId?: string | undefined;
  lastCommitId?: string | undefined;
}

/**
 * A write that was refused: nothing was changed.
 *
 * - `head` is what the driver saw if it looked; `null`: there is no such execution. Without it, the store reads the head
 *   to find the reason.
 */
export interface Refused {
  refused: true;
  head?: StoredHead | null;
}

/** A write that was refused without a look at the reason. */
export const REFUSED: Refused = Object.freeze({ refused: true });

/** An execution in a listing. */
export interface ListedExecution {
  record: ExecutionRecord;
  /** Its place in the listing, if `record` does not tell: a field of it cannot be read. */
  position?: PagePosition;
}

/** The records of a history that are read. */
export interface HistoryRange {
  /** The lowest number, itself included. */
  from: number;
  /** The highest number, itself included; `Number.MAX_SAFE_INTEGER` if there is no limit. */
  to: number;
  limit?: number;
  order: "asc" | "desc";
}

/**
 * Reads and writes what a store keeps, and nothing more: {@link defineStore} makes a store of it.
 *
 * - Arguments have been checked. Unknown ids, old tokens and the like have not: a write makes its own conditions part of
 *   one atomic step, and returns {@link Refused} if they do not hold.
 * - Errors are those that `CheckpointStore` names for the method; a fault of the connection is STORE_UNAVAILABLE.
 */
export interface StoreDriver {
  /** Prepares the database. It is called before the first call, once; after a failure, before the next one again. */
  setup?(): Promise<void>;

  /** Writes the head, the first lease and the initial snapshot, as one. Refused if the id is taken. */
  createExecution(execution: NewExecution): Promise<ExecutionRecord | Refused>;

  /** Reads a head. `readAt` is the store's time. */
  readHead(id: string): Promise<StoredHead | undefined>;

  /**
   * Claims an execution and notes the `claimId`, as one: what `claimedHead` makes of the head.
   *
   * - Refused if the id is unknown, the `claimId` is that of the last claim, or `claimRefusal` names a reason.
   */
  claimExecution(id: string, request: ClaimRequest): Promise<ExecutionRecord | Refused>;

  /**
   * Appends records, changes the head and notes the `commitId`, as one: what `committedHead` makes of the head.
   *
   * - Refused if the id is unknown, the `commitId` is that of the last commit, `commitRefusal` names a reason, or
   *   `dropBefore` is not the number of a snapshot.
   */
  commit(id: string, request: CommitRequest): Promise<Refused | undefined>;

  /** Tells whether a record is kept and is a snapshot. It is called to explain a commit that was refused. */
  isSnapshot(id: string, seq: number): Promise<boolean>;

  /** Reads records; `undefined` if there is no such execution. */
  readRecords(id: string, range: HistoryRange): Promise<CheckpointRecord[] | undefined>;

  /** Reads one row more than `query.limit`, if there are as many: it shows that another page follows. */
  listExecutions(query: ListQuery): Promise<ListedExecution[]>;

  /** Keeps a definition if its hash is new; notes the time in any case. */
  saveDefinition(hash: string, json: string): Promise<void>;

  /** Reads a definition. */
  readDefinition(hash: string): Promise<string | undefined>;

  /** Deletes the definitions that no execution names and that were last saved this long ago; returns their number. */
  deleteUnusedDefinitions(olderThanMs: number): Promise<number>;

  /** Deletes executions that are still as named, with all that is kept of them; returns their number. Up to 100. */
  deleteExecutions(refs: readonly ExecutionRef[]): Promise<number>;

  /** Ends what the store owns. It is called once, after the last call has ended. */
  close(): Promise<void>;
}
