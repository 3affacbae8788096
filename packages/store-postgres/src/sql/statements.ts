import { type ClaimRequest, MAX_COUNTER } from "@waymark/core/store";
import { type Statement, statement } from "../database.ts";
import { CLAIM, EXECUTION, EXECUTION_REF, LEASE_BOUND, NEW_EXECUTION } from "./columns.ts";
import { RANGE_COLUMNS } from "./history-range.ts";
import { numbered, parametersOf } from "./parameters.ts";
import { isReadable } from "./readable-head.ts";
import { checkpointColumns, ENDED, headColumns, NOW } from "./rows.ts";
import type { TableNames } from "./table-names.ts";

/** The statements that never change: all except commits and listings. */
export interface Statements {
  readonly create: Statement;
  readonly head: Statement;
  readonly heads: Statement;
  readonly claim: Statement;
  readonly claims: Statement;
  readonly isSnapshot: Statement;
  readonly readAscending: Statement;
  readonly readDescending: Statement;
  readonly readSeveral: Statement;
  readonly saveDefinition: Statement;
  readonly readDefinition: Statement;
  readonly deleteUnusedDefinitions: Statement;
  readonly deleteExecutions: Statement;
}

/** Builds the statements for a place of the tables. */
export function buildStatements(names: TableNames): Statements {
  const { executions, checkpoints, definitions } = names;
  const refs = parametersOf(EXECUTION_REF).map(({ name, type }) => `${name} ${type}`);
  return {
    create: createStatement(names),
    head: statement(`SELECT ${headColumns("e")} FROM ${executions} AS e WHERE e.id = $1`),
    // Each is looked up by its id, whatever the planner knows of the table.
    heads: statement(
      `SELECT i.place - 1 AS at, ${headColumns("e")} FROM unnest($1::text[]) WITH ORDINALITY AS i (id, place)
       CROSS JOIN LATERAL (SELECT * FROM ${executions} AS x WHERE x.id = i.id OFFSET 0) AS e`,
    ),
    claim: claimStatement(names),
    claims: claimsStatement(names),
    isSnapshot: statement(
      `SELECT c.seq FROM ${executions} AS e JOIN ${checkpoints} AS c ON c.execution_key = e.key
       WHERE e.id = $1 AND c.seq = $2 AND c.kind = 'snapshot'`,
    ),
    readAscending: readStatement(names, "ASC"),
    readDescending: readStatement(names, "DESC"),
    readSeveral: readSeveralStatement(names),
    saveDefinition: statement(
      `INSERT INTO ${definitions} AS d (hash, definition, created_at_ms, saved_at_ms) VALUES ($1, $2, ${NOW}, ${NOW})
       ON CONFLICT (hash) DO UPDATE SET saved_at_ms = greatest(d.saved_at_ms, excluded.saved_at_ms)`,
    ),
    readDefinition: statement(`SELECT definition FROM ${definitions} WHERE hash = $1`),
    // The statement waits for a save that is under way, and then that save's time counts.
    deleteUnusedDefinitions: statement(
      `DELETE FROM ${definitions} AS d
       WHERE coalesce(d.saved_at_ms, d.created_at_ms) <= ${NOW} - $1::bigint
         AND NOT EXISTS (SELECT FROM ${executions} AS e WHERE e.definition_hash = d.hash COLLATE "default")`,
    ),
    deleteExecutions: statement(
      `WITH gone AS (
         DELETE FROM ${executions} AS e
         USING json_to_recordset($1::json) AS ref (${refs.join(", ")})
         WHERE e.id = ref.id AND (ref.version IS NULL OR e.version = ref.version) AND (ref.token IS NULL OR e.token = ref.token)
         RETURNING e.key
       ), records AS (
         DELETE FROM ${checkpoints} AS c USING gone WHERE c.execution_key = gone.key
       )
       SELECT count(*) AS deleted FROM gone`,
    ),
  };
}

/** The fields of a new execution and of a claim, in the order in which their values are sent. */
export const CREATE_PARAMETERS = parametersOf(NEW_EXECUTION);
export const CLAIM_PARAMETERS = parametersOf(CLAIM);

/*
 * Creates an execution. Its first token is also the key of its records. It is unique, so an id that is deleted and
 * created again never finds the records of its earlier life.
 */
function createStatement({ executions, checkpoints, tokens }: TableNames): Statement {
  const { sql, written, columns } = numbered(CREATE_PARAMETERS);
  const head = columns();
  const record = columns("checkpoint");
  return statement(
    `WITH fresh AS (
       SELECT nextval('${tokens}') AS token
     ), head AS (
       INSERT INTO ${executions} AS e (
         key, version, token, seq, snapshot_seq, first_seq, checkpoints_count, recoveries, updated_at_ms, ended_at_ms,
         ${LEASE_BOUND}, initial_checkpoint_id, ${head.names}
       )
       SELECT
         fresh.token, 0, fresh.token, 0, 0, 0, 0, 0, ${NOW}, CASE WHEN ${sql("status")} IN ${ENDED} THEN ${NOW} END,
         coalesce(${written("leaseMs")}, 0), ${sql("checkpoint.id")}, ${head.values}
       FROM fresh
       ON CONFLICT (id) DO NOTHING
       RETURNING e.key, ${headColumns("e")}
     ), record AS (
       INSERT INTO ${checkpoints} (execution_key, seq, ${record.names})
       SELECT head.key, 0, ${record.values} FROM head
     )
     SELECT * FROM head`,
  );
}

/* Claims an execution. The last parameter is the id. */
function claimStatement({ executions, tokens }: TableNames): Statement {
  const sql = numbered(CLAIM_PARAMETERS);
  return statement(
    `UPDATE ${executions} AS e SET ${claimChanges(tokens, sql)}
     WHERE e.id = $${CLAIM_PARAMETERS.length + 1} AND ${mayClaim(sql)}
     RETURNING ${headColumns("e")}`,
  );
}

/** The fields of a claim that shares a statement: all but the failure of a cancel. */
const SHARED_CLAIM = CLAIM_PARAMETERS.filter(({ path }) => path !== "cancel");

/*
 * Makes the claims of a list in JSON, in its order. For why the planner expects one, see batch-statement.ts.
 */
function claimsStatement({ executions, tokens }: TableNames): Statement {
  const ofRow = (path: string) => (path === "cancel" ? "NULL::json" : `i."${path}"`);
  const sql: ClaimSql = {
    sql: ofRow,
    written: (path) =>
      (SHARED_CLAIM.find((one) => one.path === path) as (typeof SHARED_CLAIM)[number]).written(ofRow(path)),
  };
  const columns = SHARED_CLAIM.map(({ path, type }) => `"${path}" ${type}`).join(", ");
  return statement(
    `WITH i AS MATERIALIZED (
       SELECT * FROM json_to_recordset($1::json) AS r (at bigint, id text, ${columns})
       WHERE r.at BETWEEN 0 AND ${MAX_COUNTER}
     )
     UPDATE ${executions} AS e SET ${claimChanges(tokens, sql)}
     FROM i WHERE e.id = i.id AND ${mayClaim(sql)}
     RETURNING i.at, ${headColumns("e")}`,
  );
}

/** Returns the value of a {@link Statements.claims} statement. */
export function claimsValue(claims: readonly { id: string; request: ClaimRequest }[]): string {
  const rows = claims.map(({ id, request }, at) => {
    const row: Record<string, unknown> = { at, id };
    for (const { path, read } of SHARED_CLAIM) row[path] = read(request);
    return row;
  });
  // In the order of ids, so that statements lock rows alike.
  return JSON.stringify(rows.sort((one, other) => ((one.id as string) < (other.id as string) ? -1 : 1)));
}

/** The SQL of a claim's fields. */
type ClaimSql = Pick<ReturnType<typeof numbered<(typeof CLAIM_PARAMETERS)[number]["path"]>>, "sql" | "written">;

/*
 * Tokens come from one sequence, so that none is used again if an id is deleted and created again. With `greatest` they
 * rise even if the sequence was set back, by a partial restore of the database for instance.
 */
function claimChanges(tokens: string, { sql, written }: ClaimSql): string {
  const isCancel = `${sql("cancel")} IS NOT NULL`;
  const unlessCancelled = (column: string, value: string, otherwise: string) =>
    `${column} = CASE WHEN ${isCancel} THEN ${otherwise} ELSE ${value} END`;
  const { owner, leaseUntil, wakeAt, waiting, waitingCount } = EXECUTION;
  const kept = [wakeAt, waiting, waitingCount].map(({ column }) => unlessCancelled(column, `e.${column}`, "NULL"));
  return `token = greatest(nextval('${tokens}'), e.token + 1), ${CLAIM.claimId.column} = ${written("claimId")},
    updated_at_ms = ${NOW},
    recoveries = CASE WHEN e.status = 'running' THEN e.recoveries + 1 ELSE 0 END,
    failure = coalesce(${sql("cancel")}, CASE WHEN e.status = 'running' THEN e.failure END),
    ${unlessCancelled("status", "'running'", "'cancelled'")},
    ${unlessCancelled("ended_at_ms", "NULL", NOW)},
    ${unlessCancelled(owner.column, written("owner"), "NULL")},
    ${unlessCancelled(leaseUntil.column, written("leaseMs"), "NULL")},
    ${unlessCancelled(LEASE_BOUND, written("leaseMs"), "0")},
    ${kept.join(", ")}`;
}

function mayClaim({ sql }: ClaimSql): string {
  return `e.last_claim_id IS DISTINCT FROM ${sql("claimId")}
    AND (e.status = ANY (${sql("from")})) IS TRUE
    AND (${sql("force")} OR e.status <> 'running' OR coalesce(e.lease_until_ms, 0) <= ${NOW})
    AND ${isReadable("e")}`;
}

/*
 * Reads records of a history: $1 id, $2 lowest number, $3 highest number, $4 limit (NULL: none). Returns one row of
 * NULLs for an execution without records in that range, and no row if there is no such execution.
 */
function readStatement({ executions, checkpoints }: TableNames, order: "ASC" | "DESC"): Statement {
  return statement(
    `SELECT ${RANGE_COLUMNS}, ${checkpointColumns("record")}
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

/** The most records, and UTF-8 bytes of payloads, that {@link Statements.readSeveral} returns of one history. */
const MAX_SHARED_RECORDS = 32;
const MAX_SHARED_BYTES = 16 * 1024;

/*
 * Reads records of several histories, ascending: $1 ids, $2 lowest numbers, $3 highest numbers. Of each it returns what
 * readStatement does, but not the records beyond the bounds, whose payloads the server does not even read.
 */
function readSeveralStatement({ executions, checkpoints }: TableNames): Statement {
  return statement(
    `SELECT i.place - 1 AS at, ${RANGE_COLUMNS}, ${checkpointColumns("record")}
     FROM unnest($1::text[], $2::bigint[], $3::bigint[]) WITH ORDINALITY AS i (id, lowest, highest, place)
     CROSS JOIN LATERAL (SELECT * FROM ${executions} AS x WHERE x.id = i.id OFFSET 0) AS e
     LEFT JOIN LATERAL (
       SELECT * FROM (
         SELECT c.*, sum(octet_length(c.payload)) OVER (ORDER BY c.seq) AS bytes FROM (
           SELECT * FROM ${checkpoints} AS c
           WHERE c.execution_key = e.key AND c.seq >= i.lowest AND c.seq <= i.highest
           ORDER BY c.seq LIMIT ${MAX_SHARED_RECORDS}
         ) AS c
       ) AS sized WHERE sized.bytes <= ${MAX_SHARED_BYTES}
     ) AS record ON true
     ORDER BY i.place, record.seq`,
  );
}
