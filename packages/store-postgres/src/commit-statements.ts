import type { CommitRequest } from "@waymark/core";
import { COMMIT } from "./columns.ts";
import { COMMIT_PARAMETERS, fence, HEAD_CHANGES, type RequestSql, recordOf } from "./commit-changes.ts";
import { type Statement, statement } from "./database.ts";
import type { TableNames } from "./table-names.ts";

/** A statement with the values to send. */
export interface Call {
  statement: Statement;
  values: unknown[];
}

/**
 * The statements of commits that go alone. Each names only what its commit changes, which costs the server a third less
 * than one for all; an application's commits are of a few kinds, and each kind is prepared once.
 */
export class CommitStatements {
  readonly #names: TableNames;
  readonly #byKind = new Map<string, Statement>();

  constructor(names: TableNames) {
    this.#names = names;
  }

  /** The statement for a commit. It changes a row, or nothing if the commit is refused. */
  call(id: string, request: CommitRequest): Call {
    const values: unknown[] = [id];
    // One digit for each field: absent, removed or there. With the checkpoint's kind, that is the kind of commit.
    let presence = 0;
    for (const { read } of COMMIT_PARAMETERS) {
      const value = read(request);
      presence = presence * 3 + (value === undefined ? 0 : value === null ? 1 : 2);
      if (value !== undefined && value !== null) values.push(value);
    }
    const kind = `${presence}${request.checkpoint?.kind}`;
    const known = this.#byKind.get(kind);
    if (known !== undefined) return { statement: known, values };
    const built = commitStatement(this.#names, request);
    this.#byKind.set(kind, built);
    return { statement: built, values };
  }
}

/** Finds the parts of one request: those it has are parameters, in the order of {@link COMMIT_PARAMETERS}; $1 is the id. */
function sqlOf(request: CommitRequest): RequestSql {
  const written = new Map<string, string>();
  const sent = new Map<string, string>();
  for (const { path, type, read, written: write } of COMMIT_PARAMETERS) {
    const value = read(request);
    if (value === null) written.set(path, "NULL");
    if (value === undefined || value === null) continue;
    const parameter = `$${sent.size + 2}::${type}`;
    sent.set(path, parameter);
    written.set(path, write(parameter));
  }
  return {
    value: (field) => sent.get(field) as string,
    or: (field, otherwise) => written.get(field) ?? otherwise,
  };
}

function commitStatement({ executions, checkpoints }: TableNames, request: CommitRequest): Statement {
  const sql = sqlOf(request);
  const changes = HEAD_CHANGES.filter(({ isIn }) => isIn(request)).map(({ column, to }) => `${column} = ${to(sql)}`);
  const conditions = ["e.id = $1", fence(sql)];
  const parts: string[] = [];
  if (request.dropBefore !== undefined) {
    const drop = sql.value("dropBefore");
    changes.push(`${COMMIT.dropBefore.column} = greatest(e.first_seq, ${drop})`);
    conditions.push(namesSnapshot(checkpoints, request, drop));
    parts.push(`dropped AS (
      DELETE FROM ${checkpoints} AS c USING head WHERE c.execution_key = head.key AND c.seq < ${drop})`);
  }
  const head = `head AS (
    UPDATE ${executions} AS e SET ${changes.join(", ")} WHERE ${conditions.join(" AND ")} RETURNING e.key, e.seq)`;
  const record = recordOf(sql);
  const result =
    request.checkpoint === undefined
      ? "SELECT head.seq FROM head"
      : `INSERT INTO ${checkpoints} (execution_key, seq, ${record.columns})
         SELECT head.key, head.seq, ${record.values} FROM head`;
  return statement(`WITH ${[head, ...parts].join(", ")} ${result}`);
}

function namesSnapshot(checkpoints: string, { checkpoint }: CommitRequest, drop: string): string {
  const isNew = checkpoint?.kind === "snapshot" ? `${drop} = e.seq + 1 OR` : "";
  return `(${isNew} EXISTS (
    SELECT FROM ${checkpoints} AS c WHERE c.execution_key = e.key AND c.seq = ${drop} AND c.kind = 'snapshot'))`;
}
