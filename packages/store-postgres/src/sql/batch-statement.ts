import type { CommitRequest } from "@waymark/core/store";
import { type Statement, statement } from "../database.ts";
import { COMMIT_PARAMETERS, countsOf, fence, HEAD_CHANGES, isOfCheckpoint, type RequestSql } from "./commit-changes.ts";
import type { Call } from "./commit-statements.ts";
import { RECORD_COLUMNS, RECORD_DEFINITIONS, recordRow, recordset, recordValues, writeRecord } from "./new-records.ts";
import type { TableNames } from "./table-names.ts";

/** Commits of a batch. Each is of another execution, has a checkpoint and drops no records. */
export type Batch = readonly { readonly id: string; readonly request: CommitRequest }[];

/** A batch never drops records. */
const PARAMETERS = COMMIT_PARAMETERS.filter((one) => one.path !== "dropBefore" && !isOfCheckpoint(one));

/** The statements of batches, each of which returns the ids of the commits that were made. */
export class BatchStatements {
  /** For commits that have one checkpoint each, as nearly all do: it comes with the rest of its commit. */
  readonly #single: Statement;
  /** For all other commits: checkpoints are a list of their own. */
  readonly #several: Statement;

  constructor(names: TableNames) {
    const record = recordset("$2", ["at bigint"]);
    this.#single = batchStatement(names, {
      columns: RECORD_DEFINITIONS,
      counts: {
        added: "1",
        shown: "CASE WHEN i.record_kind = 'save' THEN 0 ELSE 1 END",
        snapshotAt: "CASE WHEN i.record_kind = 'snapshot' THEN 1 END",
      },
      kept: "e.seq AS new_seq, i.*",
      records: `SELECT head.key, head.new_seq, ${recordValues("head")} FROM head`,
    });
    this.#several = batchStatement(names, {
      columns: "at bigint, added bigint, shown bigint, snapshot_at bigint",
      counts: { added: "i.added", shown: "i.shown", snapshotAt: "i.snapshot_at" },
      kept: "e.seq - i.added AS before, i.id, i.at",
      records: `SELECT head.key, head.before + r.place, ${recordValues("r")} FROM head JOIN ${record} ON r.at = head.at`,
    });
  }

  /** Returns the statement for a batch, and its values: the commits as JSON, and their records if they are apart. */
  call(batch: Batch): Call {
    const areSingle = batch.every(({ request }) => request.checkpoints?.length === 1);
    const rows: object[] = [];
    const records: object[] = [];
    for (const [at, { id, request }] of batch.entries()) {
      const row = commitRow(id, request);
      const { checkpoints = [] } = request;
      if (areSingle) {
        for (const one of checkpoints) writeRecord(one, row);
      } else {
        const { added, shown, snapshotAt } = countsOf(request);
        Object.assign(row, { at, added, shown, snapshot_at: snapshotAt });
        for (const [place, one] of checkpoints.entries()) records.push({ ...recordRow(one, place + 1), at });
      }
      rows.push(row);
    }
    if (areSingle) return { statement: this.#single, values: [JSON.stringify(rows)] };
    return { statement: this.#several, values: [JSON.stringify(rows), JSON.stringify(records)] };
  }
}

/** Makes the row of a commit, without its checkpoints and without absent fields. */
function commitRow(id: string, request: CommitRequest): Record<string, unknown> {
  const row: Record<string, unknown> = { id };
  for (const { name, read } of PARAMETERS) {
    const value = read(request);
    if (value === null) row[`clears_${name}`] = true;
    else if (value !== undefined) row[name] = value;
  }
  return row;
}

/** The SQL of a batch's records: columns of a commit's row, columns to keep, the counts, and the rows to insert. */
interface RecordsSql {
  columns: string;
  counts: RequestSql["counts"];
  kept: string;
  records: string;
}

function batchStatement({ executions, checkpoints }: TableNames, by: RecordsSql): Statement {
  const own = PARAMETERS.flatMap(({ name, type, isClearable }) => [
    // As text, since a failure may hold escapes of JSON that PostgreSQL cannot read.
    `${name} ${type === "json" ? "text" : type}`,
    ...(isClearable ? [`clears_${name} boolean`] : []),
  ]);
  const row = rowSql(by.counts);
  const changes = HEAD_CHANGES.map(({ column, to }) => `${column} = ${to(row)}`);
  return statement(
    `WITH i AS MATERIALIZED (
       SELECT * FROM json_to_recordset($1::json) AS r (
         id text, ${own.join(", ")}, ${by.columns})
     ), head AS (
       UPDATE ${executions} AS e SET ${changes.join(", ")}
       FROM i WHERE e.id = i.id AND ${fence(row)}
       RETURNING e.key, ${by.kept}
     ), record AS (
       INSERT INTO ${checkpoints} (execution_key, seq, ${RECORD_COLUMNS}) ${by.records}
     )
     SELECT head.id FROM head`,
  );
}

const PARAMETER_OF = new Map<string, (typeof PARAMETERS)[number]>(PARAMETERS.map((one) => [one.path, one]));

/** Finds the parts of many requests: each is a column of `i`, which is NULL for a request without it. */
function rowSql(counts: RequestSql["counts"]): RequestSql {
  return {
    value: (field) => find(field).sent,
    or: (field, otherwise) => {
      const { name, isClearable, written, sent } = find(field);
      const value = `coalesce(${written(sent)}, ${otherwise})`;
      return isClearable ? `CASE WHEN i.clears_${name} THEN NULL ELSE ${value} END` : value;
    },
    counts,
  };
}

function find(field: string) {
  const { name, type, isClearable, written } = PARAMETER_OF.get(field) as (typeof PARAMETERS)[number];
  return { name, isClearable, written, sent: `i.${name}${type === "json" ? "::json" : ""}` };
}
