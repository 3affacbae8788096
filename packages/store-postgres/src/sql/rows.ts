import {
  type CheckpointRecord,
  type ExecutionRecord,
  readStoredCheckpoint,
  readStoredHead,
  type StoredHead,
} from "@waymark/core/store";
import type { Row } from "../database.ts";
import { CHECKPOINT, EXECUTION } from "./columns.ts";

/** The server's time in milliseconds since the epoch, which is the same throughout one statement. */
export const NOW = "(date_part('epoch', statement_timestamp()) * 1000)::bigint";
/** The statuses of executions that have ended. */
export const ENDED = "('completed', 'failed', 'cancelled')";

const HEAD_FIELDS = Object.entries(EXECUTION).map(([field, { column }]) => [field, column] as const);
const RECORD_FIELDS = [["seq", "seq"], ...Object.entries(CHECKPOINT).map(([field, { column }]) => [field, column])];

/** Returns the columns of an execution's record, for a SELECT or a RETURNING. */
export function recordColumns(alias: string): string {
  return `${HEAD_FIELDS.map(([, column]) => `${alias}.${column}`).join(", ")}, ${NOW} AS read_at_ms`;
}

/** Returns the columns of a {@link StoredHead}. */
export function headColumns(alias: string): string {
  const notes = ["initial_checkpoint_id", "last_claim_id", "last_commit_id"].map((column) => `${alias}.${column}`);
  return `${recordColumns(alias)}, ${notes.join(", ")}`;
}

/** Returns the columns of a checkpoint's record. */
export function checkpointColumns(alias: string): string {
  const { column: duration } = CHECKPOINT.durationMs;
  return RECORD_FIELDS.map(([, column]) =>
    // The digits of a number depend on the session (extra_float_digits); its bytes do not.
    column === duration ? `encode(float8send(${alias}.${column}), 'hex') AS ${column}` : `${alias}.${column}`,
  ).join(", ");
}

/** Reads a head. A field that cannot be read is named in `unreadable`. */
export function rowToRecord(row: Row): ExecutionRecord {
  const fields: Record<string, unknown> = { readAt: row.read_at_ms };
  for (const [field, column] of HEAD_FIELDS) fields[field] = row[column];
  return readStoredHead(fields);
}

/** Reads a head with the store's notes. */
export function rowToHead(row: Row): StoredHead {
  return {
    record: rowToRecord(row),
    initialCheckpointId: String(row.initial_checkpoint_id),
    lastClaimId: row.last_claim_id ?? undefined,
    lastCommitId: row.last_commit_id ?? undefined,
  };
}

/** Reads a record of an execution's history. @throws {WorkflowError} STATE_CORRUPT */
export function rowToCheckpoint(row: Row): CheckpointRecord {
  const fields: Record<string, unknown> = {};
  for (const [field, column] of RECORD_FIELDS) fields[field as string] = row[column as string];
  const duration = row[CHECKPOINT.durationMs.column];
  if (typeof duration === "string") fields.durationMs = Buffer.from(duration, "hex").readDoubleBE();
  return readStoredCheckpoint(fields);
}
