import type { CommitRequest } from "@waymark/core";
import { checkpointValues, failureText } from "./bind-values.ts";
import { type Statement, statement } from "./database.ts";
import { NOW } from "./rows.ts";
import { CHECKPOINT_COLUMNS } from "./statements.ts";
import type { TableNames } from "./table-names.ts";

const CHECKPOINT_TYPES = ["text", "text", "text", "text", "bigint", "bigint", "float8", "text", "bigint", "json"];
const NAMES = CHECKPOINT_COLUMNS.split(", ");

/** A commit as {@link batchStatement} reads it. What is `null` stays as it is. */
export function batchRow(id: string, { checkpoint, head = {}, ...request }: CommitRequest): Record<string, unknown> {
  const row: Record<string, unknown> = {
    id,
    expected_token: request.token,
    expected_version: request.version,
    commit_id: request.commitId,
    new_status: head.status ?? null,
    new_step: head.currentStep ?? null,
    new_total: head.totalSteps ?? null,
    new_wake: head.wakeAt === null ? -1 : (head.wakeAt ?? null),
    new_failure: head.failure === null ? "" : failureText(head.failure),
    lease_ms: request.leaseMs ?? null,
  };
  const values = checkpoint === undefined ? [] : checkpointValues(checkpoint);
  values.forEach((value, index) => {
    row[NAMES[index] as string] = value;
  });
  return row;
}

/**
 * The statement that makes many commits, each with a checkpoint and none that drops. $1 is a JSON array of
 * {@link batchRow}s of different executions; it gives the ids of those that were made.
 */
export function batchStatement({ executions, checkpoints }: TableNames): Statement {
  const columns = NAMES.map((name, index) => `${name} ${name === "error" ? "text" : CHECKPOINT_TYPES[index]}`);
  const status = "coalesce(i.new_status, e.status)";
  return statement(
    `WITH i AS MATERIALIZED (
       SELECT * FROM json_to_recordset($1::json) AS r (
         id text, expected_token bigint, expected_version bigint, commit_id text, new_status text, new_step bigint,
         new_total bigint, new_wake bigint, new_failure text, lease_ms bigint, ${columns.join(", ")})
     ), head AS (
       UPDATE ${executions} AS e SET
         version = e.version + 1,
         last_commit_id = i.commit_id,
         updated_at_ms = ${NOW},
         seq = e.seq + 1,
         snapshot_seq = CASE WHEN i.kind = 'snapshot' THEN e.seq + 1 ELSE e.snapshot_seq END,
         checkpoints_count = e.checkpoints_count + CASE WHEN i.kind = 'save' THEN 0 ELSE 1 END,
         status = ${status},
         current_step = coalesce(i.new_step, e.current_step),
         total_steps = coalesce(i.new_total, e.total_steps),
         wake_at_ms = nullif(coalesce(i.new_wake, e.wake_at_ms), -1),
         failure = CASE WHEN i.new_failure IS NULL THEN e.failure WHEN i.new_failure <> '' THEN i.new_failure::json END,
         owner = CASE WHEN ${status} = 'running' THEN e.owner END,
         lease_until_ms = CASE WHEN ${status} = 'running' THEN coalesce(${NOW} + i.lease_ms, e.lease_until_ms) END,
         ended_at_ms = CASE WHEN i.new_status IN ('completed', 'failed', 'cancelled') THEN ${NOW} END
       FROM i
       WHERE e.id = i.id AND e.token = i.expected_token AND e.version = i.expected_version
         AND e.status IN ('pending', 'running') AND e.last_commit_id IS DISTINCT FROM i.commit_id
       RETURNING e.key, e.seq AS new_seq, i.*
     ), record AS (
       INSERT INTO ${checkpoints} (execution_key, seq, ${CHECKPOINT_COLUMNS})
       SELECT head.key, head.new_seq, ${NAMES.map((name) => (name === "error" ? "head.error::json" : `head.${name}`)).join(", ")}
       FROM head
     )
     SELECT head.id FROM head`,
  );
}
