import { type CommitRequest, MAX_COUNTER } from "@waymark/core/store";
import { COMMIT, EXECUTION, HEAD_UPDATE, LEASE_BOUND } from "./columns.ts";
import { type FieldPath, type Parameter, parametersOf } from "./parameters.ts";
import { ENDED, NOW } from "./rows.ts";

/*
 * The changes that a commit makes to a head, as SQL. The statements of one commit and of a batch are both made from
 * them. They differ only in how a statement finds the parts of a request (RequestSql).
 */

/** The fields of a commit; of its checkpoints, those of the first. */
export const COMMIT_PARAMETERS = parametersOf(COMMIT);

/** Returns whether a field is a checkpoint's. */
export function isOfCheckpoint({ path }: Parameter): boolean {
  return path.startsWith("checkpoints.");
}

/** The SQL of the parts of a request. */
export interface RequestSql {
  /** Returns whether the request has a field, or any of the requests does. */
  has(field: FieldPath<typeof COMMIT>): boolean;
  /** Returns the SQL of a field that every request has. */
  value(field: FieldPath<typeof COMMIT>): string;
  /** Returns the SQL of what is written for a field, or `otherwise` for a request that does not have it. */
  or(field: FieldPath<typeof COMMIT>, otherwise: string): string;
  /** The SQL of each of the {@link RecordCounts}. */
  counts: Readonly<Record<keyof RecordCounts, string>>;
}

/** The counts that a head needs of the records that a commit adds. */
export interface RecordCounts {
  added: number;
  /** The number of those that users see. */
  shown: number;
  /** The place of the last snapshot among them, from 1. */
  snapshotAt: number | null;
}

/** Counts the records that a commit adds. */
export function countsOf({ checkpoints = [] }: CommitRequest): RecordCounts {
  const counts: RecordCounts = { added: checkpoints.length, shown: 0, snapshotAt: null };
  for (const [at, { kind }] of checkpoints.entries()) {
    if (kind !== "save") counts.shown += 1;
    if (kind === "snapshot") counts.snapshotAt = at + 1;
  }
  return counts;
}

/** The counts of commits with any number of records: every count may change the head. */
export const ANY_COUNTS: RecordCounts = { added: 2, shown: 2, snapshotAt: 2 };

/** A column of the head that a commit changes. */
export interface HeadChange {
  readonly column: string;
  /** Returns whether a request changes the column. */
  isIn(sql: RequestSql, counts: RecordCounts): boolean;
  /** Returns the SQL of its new value, or of its old value for a request that does not change it. */
  to(sql: RequestSql): string;
}

const always = () => true;
const hasStatus = (sql: RequestSql) => sql.has("head.status");
const hasLease = (sql: RequestSql) => hasStatus(sql) || sql.has("leaseMs");
const status = (sql: RequestSql) => sql.or("head.status", "e.status");

/** The fields of an update that are written as they are, each to a column of its own. */
const { endedAt: _endedAt, wakeAt: _wakeAt, wakeInMs: _wakeInMs, ...PLAIN } = HEAD_UPDATE;

/** Every change of a head. `e` is its row. */
export const HEAD_CHANGES: readonly HeadChange[] = [
  { column: EXECUTION.version.column, isIn: always, to: () => "e.version + 1" },
  { column: COMMIT.commitId.column, isIn: always, to: (sql) => sql.value("commitId") },
  { column: EXECUTION.updatedAt.column, isIn: always, to: () => NOW },
  {
    column: EXECUTION.seq.column,
    isIn: (_sql, { added }) => added > 0,
    to: ({ counts }) => `e.seq + ${counts.added}`,
  },
  {
    column: EXECUTION.snapshotSeq.column,
    isIn: (_sql, { snapshotAt }) => snapshotAt !== null,
    to: ({ counts }) => `coalesce(e.seq + ${counts.snapshotAt}, e.snapshot_seq)`,
  },
  {
    column: EXECUTION.checkpointsCount.column,
    isIn: (_sql, { shown }) => shown > 0,
    to: ({ counts }) => `e.checkpoints_count + ${counts.shown}`,
  },
  {
    column: EXECUTION.recoveries.column,
    isIn: (_sql, { shown }) => shown > 0,
    to: ({ counts }) => `CASE WHEN ${counts.shown} > 0 THEN 0 ELSE e.recoveries END`,
  },
  ...(Object.entries(PLAIN) as [keyof typeof PLAIN, { column: string }][]).map(([field, { column }]) => ({
    column,
    isIn: (sql: RequestSql) => sql.has(`head.${field}`),
    to: (sql: RequestSql) => sql.or(`head.${field}`, `e.${column}`),
  })),
  {
    column: EXECUTION.wakeAt.column,
    isIn: (sql) => sql.has("head.wakeAt") || sql.has("head.wakeInMs"),
    to: (sql) => sql.or("head.wakeAt", sql.or("head.wakeInMs", "e.wake_at_ms")),
  },
  // Only a running execution has an owner and a lease: a pending one has none to renew, any other loses them.
  {
    column: EXECUTION.owner.column,
    isIn: hasStatus,
    to: (sql) => `CASE WHEN ${status(sql)} = 'running' THEN e.owner END`,
  },
  {
    column: COMMIT.leaseMs.column,
    isIn: hasLease,
    to: (sql) => `CASE WHEN ${status(sql)} = 'running' THEN ${sql.or("leaseMs", "e.lease_until_ms")} END`,
  },
  // Stays as it is unless the lease gets shorter: an index is on it.
  {
    column: LEASE_BOUND,
    isIn: hasLease,
    to: (sql) =>
      `CASE WHEN ${status(sql)} = 'running' THEN least(e.${LEASE_BOUND}, ${sql.or("leaseMs", "NULL")}) ELSE 0 END`,
  },
  {
    column: EXECUTION.endedAt.column,
    isIn: hasStatus,
    to: (sql) => `CASE WHEN ${status(sql)} IN ${ENDED} THEN ${sql.or("head.endedAt", NOW)} END`,
  },
];

/**
 * Returns the condition under which a commit is made: the fence, and counters that can rise.
 *
 * A writer that waited for another sees the row as that one left it, so of several with the same version one finds a
 * row, and the others nothing to insert.
 */
export function fence(sql: RequestSql): string {
  const counters = [EXECUTION.version, EXECUTION.seq, EXECUTION.checkpointsCount];
  return [
    `e.token = ${sql.value("token")}`,
    `e.version = ${sql.value("version")}`,
    // In this form no index answers it: of a backlog, a batch would read all rows that wait.
    "(e.status IN ('pending', 'running')) IS TRUE",
    `e.last_commit_id IS DISTINCT FROM ${sql.value("commitId")}`,
    ...counters.map(({ column }) => `e.${column} BETWEEN 0 AND ${MAX_COUNTER}`),
  ].join(" AND ");
}
