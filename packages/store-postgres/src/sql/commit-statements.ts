import type { CheckpointKind, CommitRequest } from "@waymark/core/store";
import { type Statement, statement } from "../database.ts";
import { CHECKPOINT, COMMIT } from "./columns.ts";
import {
  ANY_COUNTS,
  COMMIT_PARAMETERS,
  countsOf,
  fence,
  HEAD_CHANGES,
  isOfCheckpoint,
  type RecordCounts,
  type RequestSql,
} from "./commit-changes.ts";
import { RECORD_COLUMNS, recordRow, recordset, recordValues } from "./new-records.ts";
import { valueIn } from "./parameters.ts";
import type { TableNames } from "./table-names.ts";

/** A statement with the values to send. */
export interface Call {
  statement: Statement;
  values: unknown[];
}

/** The kinds of records, numbered for the key of a statement. 0: none; {@link SEVERAL}: more than one record. */
const KIND_NUMBERS: Readonly<Record<CheckpointKind, number>> = { snapshot: 1, delta: 2, error: 3, save: 4 };
const SEVERAL = 5;

const OWN_PARAMETERS = COMMIT_PARAMETERS.filter((one) => !isOfCheckpoint(one));

/** Returns the fields that are sent as parameters. If a commit has several records, they are one parameter, as JSON. */
function parametersFor({ checkpoints = [] }: CommitRequest) {
  return checkpoints.length > 1 ? OWN_PARAMETERS : COMMIT_PARAMETERS;
}

/**
 * The statements of commits that are sent alone. Each names only the columns that its commit changes, which costs the
 * server a third less than one statement for all. An application has few kinds of commits, and each kind is prepared
 * once.
 */
export class CommitStatements {
  readonly #names: TableNames;
  readonly #byKind = new Map<number, Statement>();

  constructor(names: TableNames) {
    this.#names = names;
  }

  /** Returns the statement for a commit. It changes a row, or nothing if the commit is refused. */
  call(id: string, request: CommitRequest): Call {
    const values: unknown[] = [id];
    const { checkpoints = [] } = request;
    const [first] = checkpoints;
    const isSeveral = checkpoints.length > 1;
    // One digit for each field: absent, removed or set. With the kind of its records, that is the kind of commit.
    let kind = isSeveral ? SEVERAL : first === undefined ? 0 : KIND_NUMBERS[first.kind];
    for (const one of isSeveral ? OWN_PARAMETERS : COMMIT_PARAMETERS) {
      const value = valueIn(one.part === "" ? request : one.part === "head" ? request.head : first, one);
      kind = kind * 3 + (value === undefined ? 0 : value === null ? 1 : 2);
      if (value !== undefined && value !== null) values.push(value);
    }
    if (isSeveral) {
      const { added, shown, snapshotAt } = countsOf(request);
      const rows = checkpoints.map((checkpoint, at) => recordRow(checkpoint, at + 1));
      values.push(added, shown, snapshotAt, JSON.stringify(rows));
    }
    const known = this.#byKind.get(kind);
    if (known !== undefined) return { statement: known, values };
    const built = commitStatement(this.#names, request);
    this.#byKind.set(kind, built);
    return { statement: built, values };
  }
}

/** The SQL of one request, whose parameters come in the order of {@link CommitStatements.call}; $1 is the id. */
interface OneRequestSql extends RequestSql {
  /** The parameter with the records of a commit that has several. */
  readonly records: string;
}

function sqlOf(request: CommitRequest, counts: RecordCounts): OneRequestSql {
  const written = new Map<string, string>();
  const sent = new Map<string, string>();
  for (const { path, type, read, written: write } of parametersFor(request)) {
    const value = read(request);
    if (value === null) written.set(path, "NULL");
    if (value === undefined || value === null) continue;
    const parameter = `$${sent.size + 2}::${type}`;
    sent.set(path, parameter);
    written.set(path, write(parameter));
  }
  const next = sent.size + 2;
  return {
    has: (field) => written.has(field),
    value: (field) => sent.get(field) as string,
    or: (field, otherwise) => written.get(field) ?? otherwise,
    counts:
      counts.added > 1
        ? { added: `$${next}::bigint`, shown: `$${next + 1}::bigint`, snapshotAt: `$${next + 2}::bigint` }
        : { added: `${counts.added}`, shown: `${counts.shown}`, snapshotAt: `${counts.snapshotAt}` },
    records: `$${next + 3}`,
  };
}

function commitStatement({ executions, checkpoints }: TableNames, request: CommitRequest): Statement {
  const counts = countsOf(request);
  const sql = sqlOf(request, counts);
  const changes = HEAD_CHANGES.filter(({ isIn }) => isIn(sql, counts.added > 1 ? ANY_COUNTS : counts)).map(
    ({ column, to }) => `${column} = ${to(sql)}`,
  );
  const conditions = ["e.id = $1", fence(sql)];
  const parts: string[] = [];
  let kept = "";
  if (request.dropBefore !== undefined) {
    const drop = sql.value("dropBefore");
    changes.push(`${COMMIT.dropBefore.column} = greatest(e.first_seq, ${drop})`);
    conditions.push(namesSnapshot(checkpoints, request, sql, drop));
    parts.push(`dropped AS (
      DELETE FROM ${checkpoints} AS c USING head WHERE c.execution_key = head.key AND c.seq < ${drop})`);
    kept = `WHERE head.before + r.place >= ${drop}`;
  }
  const head = `head AS (
    UPDATE ${executions} AS e SET ${changes.join(", ")} WHERE ${conditions.join(" AND ")}
    RETURNING e.key, e.seq, e.seq - ${sql.counts.added} AS before)`;
  const insert = `INSERT INTO ${checkpoints} (execution_key, seq, ${RECORD_COLUMNS})`;
  const result =
    counts.added === 0
      ? "SELECT head.seq FROM head"
      : counts.added === 1
        ? `${insert} SELECT head.key, head.seq, ${valuesOfOne(sql)} FROM head`
        : `${insert} SELECT head.key, head.before + r.place, ${recordValues("r")} FROM head, ${recordset(sql.records)} ${kept}`;
  return statement(`WITH ${[head, ...parts].join(", ")} ${result}`);
}

function valuesOfOne(sql: RequestSql): string {
  const fields = Object.keys(CHECKPOINT) as (keyof typeof CHECKPOINT)[];
  return fields.map((field) => sql.or(`checkpoints.${field}`, "NULL")).join(", ");
}

/** Returns the condition that `dropBefore` names a snapshot: one that is kept, or one of the commit's own. */
function namesSnapshot(table: string, { checkpoints = [] }: CommitRequest, sql: OneRequestSql, drop: string): string {
  const own =
    checkpoints.length > 1
      ? `EXISTS (SELECT FROM ${recordset(sql.records)} WHERE r.record_kind = 'snapshot' AND e.seq + r.place = ${drop}) OR`
      : checkpoints[0]?.kind === "snapshot"
        ? `${drop} = e.seq + 1 OR`
        : "";
  return `(${own} EXISTS (
    SELECT FROM ${table} AS c WHERE c.execution_key = e.key AND c.seq = ${drop} AND c.kind = 'snapshot'))`;
}
