import type { CommitRequest } from "@waymark/core";
import { CHECKPOINT, COMMIT, EXECUTION, HEAD_UPDATE } from "./columns.ts";
import { type FieldPath, parametersOf } from "./parameters.ts";
import { ENDED, NOW } from "./rows.ts";

/*
 * What a commit does to a head and its records, as SQL. A commit that goes alone and one that goes in a batch are both
 * made from this; they differ only in how a statement finds the parts of a request (RequestSql).
 */

/** The fields of a commit. */
export const COMMIT_PARAMETERS = parametersOf(COMMIT);

/** How a statement finds the parts of a request. */
export interface RequestSql {
  /** The SQL of a field that every request has. */
  value(field: FieldPath<typeof COMMIT>): string;
  /** The SQL of what is written for a field, or of `otherwise` for a request that does not have it. */
  or(field: FieldPath<typeof COMMIT>, otherwise: string): string;
}

/** A column of the head that a commit changes. */
export interface HeadChange {
  readonly column: string;
  /** Whether a request changes it. */
  isIn(request: CommitRequest): boolean;
  /** What it becomes; for a request that does not change it, what it was. */
  to(sql: RequestSql): string;
}

const always = () => true;
const hasCheckpoint = ({ checkpoint }: CommitRequest) => checkpoint !== undefined;
const hasStatus = ({ head }: CommitRequest) => head?.status !== undefined;
const status = (sql: RequestSql) => sql.or("head.status", "e.status");

/** The fields of an update that stay until another one changes them. The time of an end goes when the status does. */
const { endedAt: _endedAt, ...LASTING } = HEAD_UPDATE;

/** Every change of a head. `e` is its row. */
export const HEAD_CHANGES: readonly HeadChange[] = [
  { column: EXECUTION.version.column, isIn: always, to: () => "e.version + 1" },
  { column: COMMIT.commitId.column, isIn: always, to: (sql) => sql.value("commitId") },
  { column: EXECUTION.updatedAt.column, isIn: always, to: () => NOW },
  { column: EXECUTION.seq.column, isIn: hasCheckpoint, to: () => "e.seq + 1" },
  {
    column: EXECUTION.snapshotSeq.column,
    isIn: ({ checkpoint }) => checkpoint?.kind === "snapshot",
    to: (sql) => `CASE WHEN ${sql.value("checkpoint.kind")} = 'snapshot' THEN e.seq + 1 ELSE e.snapshot_seq END`,
  },
  {
    column: EXECUTION.checkpointsCount.column,
    isIn: ({ checkpoint }) => checkpoint !== undefined && checkpoint.kind !== "save",
    to: (sql) => `e.checkpoints_count + CASE WHEN ${sql.value("checkpoint.kind")} = 'save' THEN 0 ELSE 1 END`,
  },
  ...fieldsOf(LASTING).map(([field, { column }]) => ({
    column,
    isIn: ({ head }: CommitRequest) => head?.[field] !== undefined,
    to: (sql: RequestSql) => sql.or(`head.${field}`, `e.${column}`),
  })),
  // Only a running execution has an owner and a lease: a pending one has none to renew, any other loses them.
  {
    column: EXECUTION.owner.column,
    isIn: hasStatus,
    to: (sql) => `CASE WHEN ${status(sql)} = 'running' THEN e.owner END`,
  },
  {
    column: COMMIT.leaseMs.column,
    isIn: (request) => hasStatus(request) || request.leaseMs !== undefined,
    to: (sql) => `CASE WHEN ${status(sql)} = 'running' THEN ${sql.or("leaseMs", "e.lease_until_ms")} END`,
  },
  {
    column: EXECUTION.endedAt.column,
    isIn: hasStatus,
    to: (sql) => `CASE WHEN ${status(sql)} IN ${ENDED} THEN ${sql.or("head.endedAt", NOW)} END`,
  },
];

/**
 * The condition under which a commit is made: the fence, and counters that can rise.
 *
 * A writer that waited for another sees the row as that one left it, so of several with the same version one finds a
 * row, and the others nothing to insert.
 */
export function fence(sql: RequestSql): string {
  const counters = [EXECUTION.version, EXECUTION.seq, EXECUTION.checkpointsCount];
  return [
    `e.token = ${sql.value("token")}`,
    `e.version = ${sql.value("version")}`,
    "e.status IN ('pending', 'running')",
    `e.last_commit_id IS DISTINCT FROM ${sql.value("commitId")}`,
    ...counters.map(({ column }) => `e.${column} >= 0 AND e.${column} < ${Number.MAX_SAFE_INTEGER}`),
  ].join(" AND ");
}

/** The columns of a record and what a commit writes to them. */
export function recordOf(sql: RequestSql): { columns: string; values: string } {
  const fields = fieldsOf(CHECKPOINT);
  return {
    columns: fields.map(([, { column }]) => column).join(", "),
    values: fields.map(([field]) => sql.or(`checkpoint.${field}`, "NULL")).join(", "),
  };
}

function fieldsOf<T extends typeof LASTING | typeof CHECKPOINT>(table: T) {
  return Object.entries(table) as [keyof T & string, T[keyof T]][];
}
