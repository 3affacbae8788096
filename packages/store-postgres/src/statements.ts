import { type Statement, statement } from "./database.ts";
import { checkpointColumns, headColumns, NOW } from "./rows.ts";
import type { TableNames } from "./table-names.ts";

/** The statements that are always the same: all but commits and listings. */
export interface Statements {
  readonly create: Statement;
  readonly head: Statement;
  readonly claim: Statement;
  readonly isSnapshot: Statement;
  readonly readAscending: Statement;
  readonly readDescending: Statement;
  readonly saveDefinition: Statement;
  readonly getDefinition: Statement;
  readonly deleteExecutions: Statement;
}

/** Builds the statements for where the tables are. */
export function buildStatements(names: TableNames): Statements {
  const { executions, checkpoints, definitions } = names;
  return {
    create: createStatement(names),
    head: statement(`SELECT ${headColumns("e")} FROM ${executions} AS e WHERE e.id = $1`),
    claim: claimStatement(names),
    isSnapshot: statement(
      `SELECT c.seq FROM ${executions} AS e JOIN ${checkpoints} AS c ON c.execution_key = e.key
       WHERE e.id = $1 AND c.seq = $2 AND c.kind = 'snapshot'`,
    ),
    readAscending: readStatement(names, "ASC"),
    readDescending: readStatement(names, "DESC"),
    saveDefinition: statement(
      `INSERT INTO ${definitions} (hash, definition, created_at_ms) VALUES ($1, $2, ${NOW}) ON CONFLICT (hash) DO NOTHING`,
    ),
    getDefinition: statement(`SELECT definition FROM ${definitions} WHERE hash = $1`),
    deleteExecutions: statement(
      `WITH gone AS (
         DELETE FROM ${executions} AS e
         USING unnest($1::text[], $2::bigint[], $3::bigint[]) AS ref (id, version, token)
         WHERE e.id = ref.id AND (ref.version IS NULL OR e.version = ref.version) AND (ref.token IS NULL OR e.token = ref.token)
         RETURNING e.key
       ), records AS (
         DELETE FROM ${checkpoints} AS c USING gone WHERE c.execution_key = gone.key
       )
       SELECT count(*) AS deleted FROM gone`,
    ),
  };
}

export const CHECKPOINT_COLUMNS =
  "checkpoint_id, kind, node_id, node_name, step_number, attempt, duration_ms, payload, timestamp_ms, error";

/** The ten values of a checkpoint, typed, from parameter `first` on, in the order of {@link CHECKPOINT_COLUMNS}. */
function checkpointValues(first: number): string {
  const types = ["text", "text", "text", "text", "bigint", "bigint", "float8", "text", "bigint", "json"];
  return types.map((type, index) => `$${first + index}::${type}`).join(", ");
}

/*
 * A new execution: $1 id, $2 workflow, $3 user, $4 status, $5 current step, $6 total steps, $7 owner, $8 lease (ms),
 * $9 wake time, $10 failure, $11 definition hash, $12 parent, $13 to $22 the initial checkpoint.
 *
 * Its first token is also the key that its records go by: unique for ever, so those of an id that was deleted and made
 * anew have nothing to do with one another.
 */
function createStatement({ executions, checkpoints, tokens }: TableNames): Statement {
  return statement(
    `WITH fresh AS (
       SELECT nextval('${tokens}') AS token
     ), head AS (
       INSERT INTO ${executions} AS e (
         key, id, workflow_id, user_id, status, version, token, seq, snapshot_seq, first_seq, checkpoints_count,
         current_step, total_steps, owner, lease_until_ms, wake_at_ms, failure, definition_hash, parent_id,
         created_at_ms, updated_at_ms, ended_at_ms, initial_checkpoint_id
       )
       SELECT
         fresh.token, $1, $2, $3, $4, 0, fresh.token, 0, 0, 0, 0, $5::bigint, $6::bigint, $7, ${NOW} + $8::bigint,
         $9::bigint, $10::json, $11, $12, ${NOW}, ${NOW},
         CASE WHEN $4 IN ('completed', 'failed', 'cancelled') THEN ${NOW} END, $13
       FROM fresh
       ON CONFLICT (id) DO NOTHING
       RETURNING e.key, ${headColumns("e")}
     ), record AS (
       INSERT INTO ${checkpoints} (execution_key, seq, ${CHECKPOINT_COLUMNS})
       SELECT head.key, 0, ${checkpointValues(13)} FROM head
     )
     SELECT * FROM head`,
  );
}

/*
 * A claim: $1 id, $2 claim id, $3 owner, $4 lease (ms), $5 statuses, $6 by force.
 *
 * Tokens come from one sequence, so that none is used again when an id is deleted and made anew; `greatest` still has
 * them rise where the sequence was set back, as by a restore of a part of the database.
 */
function claimStatement({ executions, tokens }: TableNames): Statement {
  return statement(
    `UPDATE ${executions} AS e SET
       token = greatest(nextval('${tokens}'), e.token + 1),
       status = 'running', owner = $3, lease_until_ms = ${NOW} + $4::bigint, last_claim_id = $2,
       wake_at_ms = NULL, failure = NULL, ended_at_ms = NULL, updated_at_ms = ${NOW}
     WHERE e.id = $1
       AND e.last_claim_id IS DISTINCT FROM $2
       AND e.status = ANY ($5::text[])
       AND ($6::boolean OR e.status <> 'running' OR coalesce(e.lease_until_ms, 0) <= ${NOW})
     RETURNING ${headColumns("e")}`,
  );
}

/*
 * Records of a history: $1 id, $2 lowest number, $3 highest, $4 how many (NULL: all). An execution that has none in that
 * range gives one row of NULLs, one that does not exist gives none.
 */
function readStatement({ executions, checkpoints }: TableNames, order: "ASC" | "DESC"): Statement {
  return statement(
    `SELECT ${checkpointColumns("record")}
     FROM ${executions} AS e
     LEFT JOIN LATERAL (
       SELECT * FROM ${checkpoints} AS c
       WHERE c.execution_key = e.key AND c.seq >= $2::bigint AND c.seq <= $3::bigint
       ORDER BY c.seq ${order}
       LIMIT $4::bigint
     ) AS record ON true
     WHERE e.id = $1
     ORDER BY record.seq ${order}`,
  );
}
