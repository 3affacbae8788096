import type { CommitRequest } from "@waymark/core";
import { COMMIT_PARAMETERS, fence, HEAD_CHANGES, type RequestSql, recordOf } from "./commit-changes.ts";
import { type Statement, statement } from "./database.ts";
import type { TableNames } from "./table-names.ts";

/** A batch never drops records. */
const PARAMETERS = COMMIT_PARAMETERS.filter(({ path }) => path !== "dropBefore");

/** A commit as {@link batchStatement} reads it. What it does not have is left out. */
export function batchRow(id: string, request: CommitRequest): Record<string, unknown> {
  const row: Record<string, unknown> = { id };
  for (const { name, read } of PARAMETERS) {
    const value = read(request);
    if (value === null) row[`clears_${name}`] = true;
    else if (value !== undefined) row[name] = value;
  }
  return row;
}

/**
 * The statement that makes many commits, each with a checkpoint and none that drops. $1 is a JSON array of
 * {@link batchRow}s of different executions; it gives the ids of those that were made.
 */
export function batchStatement({ executions, checkpoints }: TableNames): Statement {
  const columns = PARAMETERS.flatMap(({ name, type, isClearable }) => [
    // As text, since a failure's own text may hold what JSON can name and PostgreSQL cannot read.
    `${name} ${type === "json" ? "text" : type}`,
    ...(isClearable ? [`clears_${name} boolean`] : []),
  ]);
  const row = sqlOf("i");
  const changes = HEAD_CHANGES.map(({ column, to }) => `${column} = ${to(row)}`);
  const record = recordOf(sqlOf("head"));
  return statement(
    `WITH i AS MATERIALIZED (
       SELECT * FROM json_to_recordset($1::json) AS r (id text, ${columns.join(", ")})
     ), head AS (
       UPDATE ${executions} AS e SET ${changes.join(", ")}
       FROM i WHERE e.id = i.id AND ${fence(row)}
       RETURNING e.key, e.seq AS new_seq, i.*
     ), record AS (
       INSERT INTO ${checkpoints} (execution_key, seq, ${record.columns})
       SELECT head.key, head.new_seq, ${record.values} FROM head
     )
     SELECT head.id FROM head`,
  );
}

/** Finds the parts of many requests: each is a column, NULL in those that do not have it. */
function sqlOf(rows: string): RequestSql {
  const parameterOf = new Map<string, (typeof PARAMETERS)[number]>(PARAMETERS.map((one) => [one.path, one]));
  const find = (field: string) => {
    const { name, type, isClearable, written } = parameterOf.get(field) as (typeof PARAMETERS)[number];
    return { name, isClearable, written, sent: `${rows}.${name}${type === "json" ? "::json" : ""}` };
  };
  return {
    value: (field) => find(field).sent,
    or: (field, otherwise) => {
      const { name, isClearable, written, sent } = find(field);
      const value = `coalesce(${written(sent)}, ${otherwise})`;
      return isClearable ? `CASE WHEN ${rows}.clears_${name} THEN NULL ELSE ${value} END` : value;
    },
  };
}
