import { type CommitRequest, MAX_COUNTER } from "@waymark/core/store";
import { type Statement, statement } from "../database.ts";
import {
  ANY_COUNTS,
  COMMIT_PARAMETERS,
  countsOf,
  fence,
  HEAD_CHANGES,
  isOfCheckpoint,
  type RequestSql,
} from "./commit-changes.ts";
import type { Call } from "./commit-statements.ts";
import { RECORD_COLUMNS, RECORD_DEFINITIONS, recordRow, recordset, recordValues, writeRecord } from "./new-records.ts";
import { valueIn } from "./parameters.ts";
import type { TableNames } from "./table-names.ts";

/** Commits of a batch. Each is of another execution, has a checkpoint and drops no records. */
export type Batch = readonly { readonly id: string; readonly request: CommitRequest }[];

/** A batch never drops records. */
const PARAMETERS = COMMIT_PARAMETERS.filter((one) => one.path !== "dropBefore" && !isOfCheckpoint(one));

/** The most statements that an application's batches get. Batches beyond them share the one that names all columns. */
const MAX_KINDS = 32;
/** Says that a batch has every parameter: one bit for each, as in {@link BatchStatements.call}. */
const ALL = 2 ** PARAMETERS.length - 1;

/**
 * The statements of batches, each of which returns the ids of the commits that were made.
 *
 * A statement names only the columns that a commit of its batch changes. Most batches consist of nodes' commits, which
 * change few: then it costs the server about a third less than a statement for all columns.
 */
export class BatchStatements {
  readonly #names: TableNames;
  readonly #byKind = new Map<string, Statement>();

  constructor(names: TableNames) {
    this.#names = names;
  }

  /** Returns the statement for a batch, and its values: the commits as JSON, and their records if they are apart. */
  call(batch: Batch): Call {
    const areSingle = batch.every(({ request }) => request.checkpoints?.length === 1);
    const rows: object[] = [];
    const records: object[] = [];
    let present = 0;
    for (const [at, { id, request }] of batch.entries()) {
      const row: Record<string, unknown> = { id };
      present |= writeCommit(request, row);
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
    const statement = this.#statement(areSingle, present);
    return { statement, values: areSingle ? [JSON.stringify(rows)] : [JSON.stringify(rows), JSON.stringify(records)] };
  }

  #statement(areSingle: boolean, present: number): Statement {
    const kind = `${areSingle}${present}`;
    const known = this.#byKind.get(kind);
    if (known !== undefined) return known;
    if (this.#byKind.size >= MAX_KINDS && present !== ALL) return this.#statement(areSingle, ALL);
    const built = batchStatement(this.#names, areSingle ? SINGLE : SEVERAL, present);
    this.#byKind.set(kind, built);
    return built;
  }
}

/** Writes a commit, without its checkpoints and without absent fields. Returns a bit for each parameter that it has. */
function writeCommit(request: CommitRequest, row: Record<string, unknown>): number {
  let present = 0;
  let bit = 1;
  for (const one of PARAMETERS) {
    const value = valueIn(one.part === "" ? request : request.head, one);
    if (value === null) row[`clears_${one.name}`] = true;
    else if (value !== undefined) row[one.name] = value;
    if (value !== undefined) present |= bit;
    bit <<= 1;
  }
  return present;
}

/** The SQL of a batch's records: columns of a commit's row, columns to keep, the counts, and the rows to insert. */
interface RecordsSql {
  columns: string;
  counts: RequestSql["counts"];
  kept: string;
  records: string;
}

/** For commits that have one checkpoint each, as nearly all do: it comes with the rest of its commit. */
const SINGLE: RecordsSql = {
  columns: RECORD_DEFINITIONS,
  counts: {
    added: "1",
    shown: "CASE WHEN i.record_kind = 'save' THEN 0 ELSE 1 END",
    snapshotAt: "CASE WHEN i.record_kind = 'snapshot' THEN 1 END",
  },
  kept: "e.seq AS new_seq, i.*",
  records: `SELECT head.key, head.new_seq, ${recordValues("head")} FROM head`,
};

/** For all other commits: checkpoints are a list of their own. */
const SEVERAL: RecordsSql = {
  columns: "at bigint, added bigint, shown bigint, snapshot_at bigint",
  counts: { added: "i.added", shown: "i.shown", snapshotAt: "i.snapshot_at" },
  kept: "e.seq - i.added AS before, i.id, i.at",
  records: `SELECT head.key, head.before + r.place, ${recordValues("r")} FROM head JOIN ${recordset("$2", ["at bigint"])} ON r.at = head.at`,
};

function batchStatement({ executions, checkpoints }: TableNames, by: RecordsSql, present: number): Statement {
  const sent = PARAMETERS.filter((_, index) => (present & (1 << index)) !== 0);
  const own = sent.flatMap(({ name, type, isClearable }) => [
    // As text, since a failure may hold escapes of JSON that PostgreSQL cannot read.
    `${name} ${type === "json" ? "text" : type}`,
    ...(isClearable ? [`clears_${name} boolean`] : []),
  ]);
  const row = rowSql(by.counts, new Set(sent.map(({ path }) => path)));
  const changes = HEAD_CHANGES.filter(({ isIn }) => isIn(row, ANY_COUNTS)).map(
    ({ column, to }) => `${column} = ${to(row)}`,
  );
  // The range of versions, which the fence compares anyway, makes the planner expect one commit instead of a hundred. So it
  // looks each up by its id, and reads the table for none, whatever it knows of the table.
  return statement(
    `WITH i AS MATERIALIZED (
       SELECT * FROM json_to_recordset($1::json) AS r (
         id text, ${own.join(", ")}, ${by.columns})
       WHERE r.version BETWEEN 0 AND ${MAX_COUNTER}
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

/** Finds the parts of many requests: each that any has is a column of `i`, which is NULL for a request without it. */
function rowSql(counts: RequestSql["counts"], present: ReadonlySet<string>): RequestSql {
  return {
    has: (field) => present.has(field),
    value: (field) => find(field).sent,
    or: (field, otherwise) => {
      if (!present.has(field)) return otherwise;
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
