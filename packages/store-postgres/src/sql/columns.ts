import type {
  ClaimRequest,
  CommitRequest,
  ExecutionRecord,
  ExecutionRef,
  HeadUpdate,
  NewCheckpoint,
  NewExecution,
} from "@waymark/core/store";

/*
 * The column of each field. Every statement is made from these tables and every row is read by them, so a field is
 * named once. The compiler refuses a table that lacks a field of its interface.
 */

/** The SQL types of values. */
export type SqlType = "text" | "bigint" | "float8" | "json" | "boolean" | "text[]";

/** The column of a field of a record or a request. */
export interface Column {
  readonly column: string;
  readonly type: SqlType;
  /** True if the field may be absent, which is NULL. */
  readonly optional?: true;
  /** True if `null` in a request removes the field. */
  readonly clearable?: true;
  /** True if the request has milliseconds from now, and the column milliseconds since the epoch. */
  readonly fromNow?: true;
  /** True if the server's time is written if it is earlier, or if the field is absent. */
  readonly upToNow?: true;
}

/** A field of a request that is only part of a condition. */
export interface Condition {
  readonly type: SqlType;
}

/** The fields of a request; those of an object inside it are a table of their own. */
export type Fields = { readonly [field: string]: Column | Condition | { readonly [field: string]: Column } };

type TypeOf<V> = V extends string
  ? "text"
  : V extends number
    ? "bigint" | "float8"
    : V extends boolean
      ? "boolean"
      : V extends readonly string[]
        ? "text[]"
        : "json";
type FieldOf<V> = (Column | Condition) & { readonly type: TypeOf<NonNullable<V>> } & (null extends V
    ? { readonly clearable: true }
    : { readonly clearable?: never });
type ColumnsOf<T> = {
  readonly [K in keyof Required<T>]: Column &
    FieldOf<T[K]> &
    (T extends Record<K, T[K]> ? { readonly optional?: never } : { readonly optional: true });
};
type FieldsOf<T> = {
  readonly [K in keyof Required<T>]: K extends "head"
    ? ColumnsOf<HeadUpdate>
    : K extends "checkpoint" | "checkpoints"
      ? ColumnsOf<NewCheckpoint>
      : FieldOf<T[K]>;
};

/** The columns of a head; its other fields are made when it is read. */
export const EXECUTION = {
  id: { column: "id", type: "text" },
  workflowId: { column: "workflow_id", type: "text" },
  userId: { column: "user_id", type: "text" },
  status: { column: "status", type: "text" },
  version: { column: "version", type: "bigint" },
  token: { column: "token", type: "bigint" },
  seq: { column: "seq", type: "bigint" },
  snapshotSeq: { column: "snapshot_seq", type: "bigint" },
  firstSeq: { column: "first_seq", type: "bigint" },
  checkpointsCount: { column: "checkpoints_count", type: "bigint" },
  currentStep: { column: "current_step", type: "bigint" },
  totalSteps: { column: "total_steps", type: "bigint" },
  owner: { column: "owner", type: "text", optional: true },
  leaseUntil: { column: "lease_until_ms", type: "bigint", optional: true },
  wakeAt: { column: "wake_at_ms", type: "bigint", optional: true },
  waiting: { column: "waiting", type: "json", optional: true },
  waitingCount: { column: "waiting_count", type: "bigint", optional: true },
  failure: { column: "failure", type: "json", optional: true },
  recoveries: { column: "recoveries", type: "bigint" },
  deadlineAt: { column: "deadline_at_ms", type: "bigint", optional: true },
  definitionHash: { column: "definition_hash", type: "text", optional: true },
  parentId: { column: "parent_id", type: "text", optional: true },
  parentNodeId: { column: "parent_node_id", type: "text", optional: true },
  parentVisit: { column: "parent_visit", type: "bigint", optional: true },
  forkedFromId: { column: "forked_from_id", type: "text", optional: true },
  forkedFromSeq: { column: "forked_from_seq", type: "bigint", optional: true },
  metadata: { column: "metadata", type: "json", optional: true },
  createdAt: { column: "created_at_ms", type: "bigint" },
  updatedAt: { column: "updated_at_ms", type: "bigint" },
  endedAt: { column: "ended_at_ms", type: "bigint", optional: true },
} as const satisfies ColumnsOf<Omit<ExecutionRecord, "readAt" | "unreadable">>;

/** The columns of a checkpoint's record except for its number, which the store assigns. */
export const CHECKPOINT = {
  id: { column: "checkpoint_id", type: "text" },
  kind: { column: "kind", type: "text" },
  nodeId: { column: "node_id", type: "text" },
  nodeName: { column: "node_name", type: "text" },
  visit: { column: "visit", type: "bigint" },
  stepNumber: { column: "step_number", type: "bigint" },
  attempt: { column: "attempt", type: "bigint" },
  durationMs: { column: "duration_ms", type: "float8" },
  payload: { column: "payload", type: "text" },
  timestamp: { column: "timestamp_ms", type: "bigint" },
  error: { column: "error", type: "json", optional: true },
} as const satisfies ColumnsOf<NewCheckpoint>;

const LEASE = { column: EXECUTION.leaseUntil.column, type: "bigint", fromNow: true } as const;

/**
 * The column of a lower bound of the lease's end, for running executions; 0 if it is not known. Its index finds lapsed
 * leases. The end itself changes with each renewal: see lapsed-leases.ts.
 */
export const LEASE_BOUND = "lease_bound_ms";

/** The fields of `createExecution`. */
export const NEW_EXECUTION = {
  id: EXECUTION.id,
  workflowId: EXECUTION.workflowId,
  userId: EXECUTION.userId,
  status: EXECUTION.status,
  currentStep: EXECUTION.currentStep,
  totalSteps: EXECUTION.totalSteps,
  owner: EXECUTION.owner,
  leaseMs: LEASE,
  definitionHash: EXECUTION.definitionHash,
  parentId: EXECUTION.parentId,
  parentNodeId: EXECUTION.parentNodeId,
  parentVisit: EXECUTION.parentVisit,
  forkedFromId: EXECUTION.forkedFromId,
  forkedFromSeq: EXECUTION.forkedFromSeq,
  metadata: EXECUTION.metadata,
  wakeAt: EXECUTION.wakeAt,
  wakeInMs: { column: EXECUTION.wakeAt.column, type: "bigint", fromNow: true },
  deadlineMs: { column: EXECUTION.deadlineAt.column, type: "bigint", fromNow: true },
  failure: EXECUTION.failure,
  createdAt: { column: EXECUTION.createdAt.column, type: "bigint", upToNow: true },
  checkpoint: CHECKPOINT,
} as const satisfies FieldsOf<NewExecution>;

/** The fields of `claimExecution`. */
export const CLAIM = {
  claimId: { column: "last_claim_id", type: "text" },
  owner: EXECUTION.owner,
  leaseMs: LEASE,
  from: { type: "text[]" },
  force: { type: "boolean" },
  cancel: { type: "json" },
} as const satisfies FieldsOf<ClaimRequest>;

/** The fields of the head that a commit changes. */
export const HEAD_UPDATE = {
  status: { column: EXECUTION.status.column, type: "text", optional: true },
  currentStep: { column: EXECUTION.currentStep.column, type: "bigint", optional: true },
  totalSteps: { column: EXECUTION.totalSteps.column, type: "bigint", optional: true },
  wakeAt: { column: EXECUTION.wakeAt.column, type: "bigint", optional: true, clearable: true },
  wakeInMs: { column: EXECUTION.wakeAt.column, type: "bigint", optional: true, fromNow: true },
  waiting: { column: EXECUTION.waiting.column, type: "json", optional: true, clearable: true },
  waitingCount: { column: EXECUTION.waitingCount.column, type: "bigint", optional: true, clearable: true },
  failure: { column: EXECUTION.failure.column, type: "json", optional: true, clearable: true },
  definitionHash: { column: EXECUTION.definitionHash.column, type: "text", optional: true },
  endedAt: { column: EXECUTION.endedAt.column, type: "bigint", optional: true, upToNow: true },
} as const satisfies ColumnsOf<HeadUpdate>;

/** The fields of `commit`. */
export const COMMIT = {
  commitId: { column: "last_commit_id", type: "text" },
  token: { type: "bigint" },
  version: { type: "bigint" },
  leaseMs: LEASE,
  dropBefore: { column: EXECUTION.firstSeq.column, type: "bigint" },
  head: HEAD_UPDATE,
  checkpoints: CHECKPOINT,
} as const satisfies FieldsOf<CommitRequest>;

/** The fields of `deleteExecutions`. */
export const EXECUTION_REF = {
  id: { type: "text" },
  version: { type: "bigint" },
  token: { type: "bigint" },
} as const satisfies FieldsOf<ExecutionRef>;
