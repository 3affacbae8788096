import { type CommitRequest, isEnded } from "@waymark/core";
import { checkpointValues, failureText } from "./bind-values.ts";
import { type Statement, statement } from "./database.ts";
import { NOW } from "./rows.ts";
import { CHECKPOINT_COLUMNS } from "./statements.ts";
import type { TableNames } from "./table-names.ts";

const NO_CHANGE = {};

/** A statement with the values to send. */
export interface Call {
  statement: Statement;
  values: unknown[];
}

const CHECKPOINT_TYPES = ["text", "text", "text", "text", "bigint", "bigint", "float8", "text", "bigint", "json"];

/**
 * The statements of commits. Each names only what its commit changes, which costs the server a third less than one for
 * all; an application's commits are of a few kinds, and each kind is prepared once.
 *
 * The fence is the UPDATE's own condition. A writer that waited for another sees the row as that one left it, so of
 * several with the same version one finds a row, and the others nothing to insert.
 */
export class CommitStatements {
  readonly #names: TableNames;
  readonly #byKind = new Map<string, Statement>();

  constructor(names: TableNames) {
    this.#names = names;
  }

  /** The statement for a commit. It changes a row, or nothing if the commit is refused. */
  call(id: string, request: CommitRequest): Call {
    const kind = kindOf(request);
    const known = this.#byKind.get(kind);
    if (known !== undefined) return { statement: known, values: commitValues(id, request) };
    const built = commitStatement(this.#names, request);
    this.#byKind.set(kind, built);
    return { statement: built, values: commitValues(id, request) };
  }
}

/** Equal for commits that the same statement serves. */
function kindOf({ checkpoint, head = NO_CHANGE, leaseMs, dropBefore }: CommitRequest): string {
  let which = 0;
  which = which * 3 + presence(head.currentStep);
  which = which * 3 + presence(head.totalSteps);
  which = which * 3 + presence(head.wakeAt);
  which = which * 3 + presence(head.failure);
  which = which * 3 + presence(leaseMs);
  which = which * 3 + presence(dropBefore);
  return `${which}${checkpoint?.kind},${head.status}`;
}

function presence(value: unknown): 0 | 1 | 2 {
  return value === undefined ? 0 : value === null ? 1 : 2;
}

/** The values, in the order in which {@link commitStatement} numbers its parameters. */
function commitValues(id: string, { checkpoint, head = {}, ...request }: CommitRequest): unknown[] {
  const values: unknown[] = [id, request.token, request.version, request.commitId];
  if (checkpoint !== undefined) values.push(...checkpointValues(checkpoint));
  if (head.currentStep !== undefined) values.push(head.currentStep);
  if (head.totalSteps !== undefined) values.push(head.totalSteps);
  if (typeof head.wakeAt === "number") values.push(head.wakeAt);
  if (head.failure) values.push(failureText(head.failure));
  if (setsLease(head.status, request.leaseMs)) values.push(request.leaseMs);
  if (request.dropBefore !== undefined) values.push(request.dropBefore);
  return values;
}

function setsLease(status: string | undefined, leaseMs: number | undefined): boolean {
  return leaseMs !== undefined && (status === undefined || status === "running");
}

function commitStatement({ executions, checkpoints }: TableNames, request: CommitRequest): Statement {
  const { checkpoint, head = {} } = request;
  let parameters = 4;
  const next = (type: string) => `$${++parameters}::${type}`;
  const changes = ["version = e.version + 1", "last_commit_id = $4", `updated_at_ms = ${NOW}`];
  const record = checkpoint === undefined ? [] : CHECKPOINT_TYPES.map(next);
  if (checkpoint !== undefined) changes.push("seq = e.seq + 1");
  if (checkpoint?.kind === "snapshot") changes.push("snapshot_seq = e.seq + 1");
  if (checkpoint !== undefined && checkpoint.kind !== "save")
    changes.push("checkpoints_count = e.checkpoints_count + 1");
  if (head.currentStep !== undefined) changes.push(`current_step = ${next("bigint")}`);
  if (head.totalSteps !== undefined) changes.push(`total_steps = ${next("bigint")}`);
  if (head.wakeAt !== undefined) changes.push(`wake_at_ms = ${head.wakeAt === null ? "NULL" : next("bigint")}`);
  if (head.failure !== undefined) changes.push(`failure = ${head.failure === null ? "NULL" : next("json")}`);
  changes.push(...statusChanges(request, next));
  const drop = request.dropBefore === undefined ? undefined : next("bigint");
  if (drop !== undefined) changes.push(`first_seq = greatest(e.first_seq, ${drop})`);
  const parts = [
    `head AS (
      UPDATE ${executions} AS e SET ${changes.join(", ")}
      WHERE e.id = $1 AND e.token = $2 AND e.version = $3 AND e.status IN ('pending', 'running')
        AND e.last_commit_id IS DISTINCT FROM $4 ${drop === undefined ? "" : namesSnapshot(checkpoints, request, drop)}
      RETURNING e.key, e.seq)`,
  ];
  if (drop !== undefined) {
    parts.push(`dropped AS (
      DELETE FROM ${checkpoints} AS c USING head WHERE c.execution_key = head.key AND c.seq < ${drop})`);
  }
  const insert = `INSERT INTO ${checkpoints} (execution_key, seq, ${CHECKPOINT_COLUMNS})
    SELECT head.key, head.seq, ${record.join(", ")} FROM head`;
  return statement(`WITH ${parts.join(", ")} ${checkpoint === undefined ? "SELECT head.seq FROM head" : insert}`);
}

/** What becomes of status and lease. Statuses are few, so they are part of the text. */
function statusChanges({ head = {}, leaseMs }: CommitRequest, next: (type: string) => string): string[] {
  const { status } = head;
  const changes = status === undefined ? [] : [`status = '${status}'`];
  if (status !== undefined && status !== "running") changes.push("owner = NULL", "lease_until_ms = NULL");
  if (status !== undefined && isEnded(status)) changes.push(`ended_at_ms = ${NOW}`);
  if (!setsLease(status, leaseMs)) return changes;
  const lease = `${NOW} + ${next("bigint")}`;
  // A pending execution has no lease to renew.
  changes.push(`lease_until_ms = ${status === "running" ? lease : `CASE WHEN e.status = 'running' THEN ${lease} END`}`);
  return changes;
}

function namesSnapshot(checkpoints: string, { checkpoint }: CommitRequest, drop: string): string {
  const isNew = checkpoint?.kind === "snapshot" ? `${drop} = e.seq + 1 OR` : "";
  return `AND (${isNew} EXISTS (
    SELECT FROM ${checkpoints} AS c WHERE c.execution_key = e.key AND c.seq = ${drop} AND c.kind = 'snapshot'))`;
}
