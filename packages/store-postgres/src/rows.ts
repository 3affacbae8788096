import type { CheckpointKind, CheckpointRecord, ExecutionRecord, FailureRecord, WorkflowStatus } from "@waymark/core";
import type { Row } from "./database.ts";

/** A head with what the store notes beside it, to recognise a call that is sent again. */
export interface Head {
  record: ExecutionRecord;
  initialCheckpointId: string;
  lastClaimId: string | undefined;
  lastCommitId: string | undefined;
  /** The store's clock when it was read. */
  now: number;
}

/** Now by the server's clock, in milliseconds since the epoch. The same all through one statement. */
export const NOW = "(extract(epoch FROM statement_timestamp()) * 1000)::bigint";

const COLUMNS = [
  ["id", "id"],
  ["workflow_id", "workflowId"],
  ["user_id", "userId"],
  ["status", "status"],
  ["version", "version"],
  ["token", "token"],
  ["seq", "seq"],
  ["snapshot_seq", "snapshotSeq"],
  ["first_seq", "firstSeq"],
  ["checkpoints_count", "checkpointsCount"],
  ["current_step", "currentStep"],
  ["total_steps", "totalSteps"],
  ["owner", "owner"],
  ["lease_until_ms", "leaseUntil"],
  ["wake_at_ms", "wakeAt"],
  ["failure", "failure"],
  ["definition_hash", "definitionHash"],
  ["parent_id", "parentId"],
  ["created_at_ms", "createdAt"],
  ["updated_at_ms", "updatedAt"],
  ["ended_at_ms", "endedAt"],
] as const;

/** The columns of an execution's record, for a SELECT or a RETURNING. */
export function recordColumns(alias: string): string {
  return COLUMNS.map(([column]) => `${alias}.${column}`).join(", ");
}

/** The columns of a {@link Head}. */
export function headColumns(alias: string): string {
  const notes = ["initial_checkpoint_id", "last_claim_id", "last_commit_id"].map((column) => `${alias}.${column}`);
  return `${recordColumns(alias)}, ${notes.join(", ")}, ${NOW} AS now_ms`;
}

/** The columns of a checkpoint's record. */
export function checkpointColumns(alias: string): string {
  return [
    "checkpoint_id",
    "seq",
    "kind",
    "node_id",
    "node_name",
    "step_number",
    "attempt",
    "duration_ms",
    "payload",
    "timestamp_ms",
    "error",
  ]
    .map((column) => `${alias}.${column}`)
    .join(", ");
}

export function rowToRecord(row: Row): ExecutionRecord {
  const record: ExecutionRecord = {
    id: text(row, "id"),
    workflowId: text(row, "workflow_id"),
    userId: text(row, "user_id"),
    status: text(row, "status") as WorkflowStatus,
    version: number(row, "version"),
    token: number(row, "token"),
    seq: number(row, "seq"),
    snapshotSeq: number(row, "snapshot_seq"),
    firstSeq: number(row, "first_seq"),
    checkpointsCount: number(row, "checkpoints_count"),
    currentStep: number(row, "current_step"),
    totalSteps: number(row, "total_steps"),
    createdAt: number(row, "created_at_ms"),
    updatedAt: number(row, "updated_at_ms"),
  };
  if (isThere(row, "owner")) record.owner = row.owner;
  if (isThere(row, "lease_until_ms")) record.leaseUntil = Number(row.lease_until_ms);
  if (isThere(row, "wake_at_ms")) record.wakeAt = Number(row.wake_at_ms);
  if (isThere(row, "failure")) record.failure = JSON.parse(row.failure) as FailureRecord;
  if (isThere(row, "definition_hash")) record.definitionHash = row.definition_hash;
  if (isThere(row, "parent_id")) record.parentId = row.parent_id;
  if (isThere(row, "ended_at_ms")) record.endedAt = Number(row.ended_at_ms);
  return record;
}

export function rowToHead(row: Row): Head {
  return {
    record: rowToRecord(row),
    initialCheckpointId: text(row, "initial_checkpoint_id"),
    lastClaimId: row.last_claim_id ?? undefined,
    lastCommitId: row.last_commit_id ?? undefined,
    now: number(row, "now_ms"),
  };
}

export function rowToCheckpoint(row: Row): CheckpointRecord {
  const record: CheckpointRecord = {
    id: text(row, "checkpoint_id"),
    seq: number(row, "seq"),
    kind: text(row, "kind") as CheckpointKind,
    nodeId: text(row, "node_id"),
    nodeName: text(row, "node_name"),
    stepNumber: number(row, "step_number"),
    attempt: number(row, "attempt"),
    durationMs: number(row, "duration_ms"),
    payload: text(row, "payload"),
    timestamp: number(row, "timestamp_ms"),
  };
  if (isThere(row, "error")) record.error = JSON.parse(row.error) as FailureRecord;
  return record;
}

function text(row: Row, column: string): string {
  return row[column] as string;
}

function number(row: Row, column: string): number {
  return Number(row[column]);
}

function isThere<Column extends string>(row: Row, column: Column): row is Row & Record<Column, string> {
  return row[column] !== null && row[column] !== undefined;
}
