import { type Statement, statement } from "./database.ts";
import { checkpointColumns, headColumns, NOW } from "./rows.ts";
import type { TableNames } from "./table-names.ts";

/** Every statement but the listing, which depends on what is asked for. */
export interface Statements {
  readonly create: Statement;
  readonly head: Statement;
  readonly claim: Statement;
  /** With a checkpoint. */
  readonly commit: Statement;
  /** With a checkpoint, and dropping what is before a snapshot. */
  readonly commitAndDrop: Statement;
  /** Without a checkpoint. */
  readonly commitHead: Statement;
  /** Without a checkpoint, and dropping what is before a snapshot. */
  readonly commitHeadAndDrop: Statement;
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
    commit: commitStatement(names, { checkpoint: true, drop: false }),
    commitAndDrop: commitStatement(names, { checkpoint: true, drop: true }),
    commitHead: commitStatement(names, { checkpoint: false, drop: false }),
    commitHeadAndDrop: commitStatement(names, { checkpoint: false, drop: true }),
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
         WHERE e.id = ref.id AND e.version = ref.version AND (ref.token IS NULL OR e.token = ref.token)
         RETURNING e.key
       ), records AS (
         DELETE FROM ${checkpoints} AS c USING gone WHERE c.execution_key = gone.key
       )
       SELECT count(*) AS deleted FROM gone`,
    ),
  };
}

const CHECKPOINT_COLUMNS =
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

/** Which of the commit's parameters there are, in order; numbered by their place. */
function commitParameters(parts: { checkpoint: boolean; drop: boolean }) {
  const first = 11;
  const afterCheckpoint = parts.checkpoint ? first + 10 : first;
  return { checkpoint: first, kind: `$${first + 1}::text`, drop: `$${afterCheckpoint}::bigint` };
}

/*
 * A commit: $1 id, $2 token, $3 version, $4 commit id, $5 status, $6 current step, $7 total steps, $8 wake time
 * (-1 removes it), $9 failure ('' removes it), $10 lease (ms), then the ten values of the checkpoint where there is one,
 * then the number to drop before where there is one. NULL leaves a column as it is.
 *
 * The fence is the UPDATE's own condition. A writer that waited for another sees the row as that one left it, so of
 * several with the same version one finds a row, and the others nothing to insert.
 */
function commitStatement(
  { executions, checkpoints }: TableNames,
  parts: { checkpoint: boolean; drop: boolean },
): Statement {
  const parameter = commitParameters(parts);
  const status = "coalesce($5::text, e.status)";
  const seq = parts.checkpoint
    ? `seq = e.seq + 1,
       snapshot_seq = CASE WHEN ${parameter.kind} = 'snapshot' THEN e.seq + 1 ELSE e.snapshot_seq END,
       checkpoints_count = e.checkpoints_count + CASE WHEN ${parameter.kind} = 'save' THEN 0 ELSE 1 END,`
    : "";
  const isNewSnapshot = parts.checkpoint ? `(${parameter.kind} = 'snapshot' AND ${parameter.drop} = e.seq + 1) OR` : "";
  const isSnapshot = `AND (${isNewSnapshot} EXISTS (
      SELECT FROM ${checkpoints} AS c
      WHERE c.execution_key = e.key AND c.seq = ${parameter.drop} AND c.kind = 'snapshot'))`;
  const head = `
    UPDATE ${executions} AS e SET
      version = e.version + 1,
      last_commit_id = $4,
      ${seq}
      ${parts.drop ? `first_seq = greatest(e.first_seq, ${parameter.drop}),` : ""}
      status = ${status},
      current_step = coalesce($6::bigint, e.current_step),
      total_steps = coalesce($7::bigint, e.total_steps),
      wake_at_ms = nullif(coalesce($8::bigint, e.wake_at_ms), -1),
      failure = CASE WHEN $9::text IS NULL THEN e.failure WHEN $9::text = '' THEN NULL ELSE $9::json END,
      owner = CASE WHEN ${status} = 'running' THEN e.owner END,
      lease_until_ms = CASE WHEN ${status} = 'running' THEN coalesce(${NOW} + $10::bigint, e.lease_until_ms) END,
      ended_at_ms = CASE WHEN $5::text IN ('completed', 'failed', 'cancelled') THEN ${NOW} END,
      updated_at_ms = ${NOW}
    WHERE e.id = $1 AND e.token = $2 AND e.version = $3 AND e.status IN ('pending', 'running')
      AND e.last_commit_id IS DISTINCT FROM $4
      ${parts.drop ? isSnapshot : ""}
    RETURNING e.key, e.seq`;
  const dropped = `dropped AS (
    DELETE FROM ${checkpoints} AS c USING head WHERE c.execution_key = head.key AND c.seq < ${parameter.drop})`;
  const withHead = `WITH head AS (${head})${parts.drop ? `, ${dropped}` : ""}`;
  return statement(
    parts.checkpoint
      ? `${withHead} INSERT INTO ${checkpoints} (execution_key, seq, ${CHECKPOINT_COLUMNS})
         SELECT head.key, head.seq, ${checkpointValues(parameter.checkpoint)} FROM head`
      : `${withHead} SELECT head.seq FROM head`,
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
