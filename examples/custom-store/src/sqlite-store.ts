import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { isWorkflowError } from "@waymark/core";
import {
  type CheckpointRecord,
  claimedHead,
  claimRefusal,
  commitRefusal,
  committedHead,
  createdHead,
  defineStore,
  type HistoryRange,
  REFUSED,
  readStoredCheckpoint,
  readStoredHead,
  type StoreDriver,
  unavailable,
} from "@waymark/core/store";

const IS_USED = "EXISTS (SELECT 1 FROM executions WHERE definitionHash = hash)";
const LISTED = ["workflowId", "userId", "status", "parentId", "definitionHash", "wakeAt", "leaseUntil", "endedAt"];
const SCHEMA = `
  PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
  CREATE TABLE IF NOT EXISTS executions (
    id TEXT PRIMARY KEY, createdAt INTEGER NOT NULL, head TEXT NOT NULL,
    initialId TEXT NOT NULL, claimId TEXT, commitId TEXT,
    json TEXT AS (CASE WHEN json_valid(head) THEN head ELSE '{}' END),
    ${["version", "token", ...LISTED].map((name) => `${name} AS (json ->> '${name}')`).join(", ")}
  );
  CREATE INDEX IF NOT EXISTS executions_by_age ON executions (createdAt, id);
  CREATE INDEX IF NOT EXISTS executions_due ON executions (wakeAt, id) WHERE status IN ('pending', 'suspended');
  CREATE INDEX IF NOT EXISTS executions_leased ON executions (leaseUntil, id) WHERE status = 'running';
  CREATE INDEX IF NOT EXISTS executions_by_definition ON executions (definitionHash);
  CREATE TABLE IF NOT EXISTS checkpoints (
    executionId TEXT NOT NULL REFERENCES executions ON DELETE CASCADE, seq INTEGER NOT NULL, record TEXT NOT NULL,
    json TEXT AS (CASE WHEN json_valid(record) THEN record ELSE '{}' END),
    PRIMARY KEY (executionId, seq)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS definitions (hash TEXT PRIMARY KEY, json TEXT NOT NULL, savedAt INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS counter (id INTEGER PRIMARY KEY, token INTEGER NOT NULL);
  INSERT OR IGNORE INTO counter VALUES (1, 0);
`;

function connect(file: string) {
  const db = new DatabaseSync(file, { timeout: 5_000 });
  const all = <T>(sql: string, ...values: SQLInputValue[]) => db.prepare(sql).all(...values) as T[];
  const run = (sql: string, ...values: SQLInputValue[]) => Number(db.prepare(sql).run(...values).changes);
  const attempt = async <T>(work: () => T): Promise<T> => {
    try {
      return work();
    } catch (error) {
      if (db.isTransaction) db.exec("ROLLBACK");
      if (isWorkflowError(error)) throw error;
      throw unavailable("server", `SQLite: ${String(error)}`, { cause: error });
    }
  };
  const transaction = <T>(work: (now: number) => T): Promise<T> =>
    attempt(() => {
      db.exec("BEGIN IMMEDIATE");
      const [time] = all<{ now: number }>("SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER) AS now");
      const result = work(time?.now ?? 0);
      db.exec("COMMIT");
      return result;
    });
  return { db, all, run, attempt, transaction };
}

type Row = { id: string; createdAt: number; json: string; initialId: string; claimId: string; commitId: string };

function headOf({ id, createdAt, json }: Row, now: number) {
  return readStoredHead({ ...JSON.parse(json), id, createdAt, readAt: now });
}

function sqliteDriver(file: string): StoreDriver {
  const { db, all, run, attempt, transaction } = connect(file);
  const rowOf = (id: string) => all<Row>("SELECT * FROM executions WHERE id = ?", id)[0];
  const nextToken = () => all<{ token: number }>("UPDATE counter SET token = token + 1 RETURNING token")[0]?.token ?? 0;
  const insertRecord = (id: string, record: CheckpointRecord) =>
    run("INSERT INTO checkpoints VALUES (?, ?, ?)", id, record.seq, JSON.stringify(record));
  const readRecords = (id: string, { from, to, limit = -1, order }: HistoryRange) => {
    const sql = `SELECT * FROM checkpoints WHERE executionId = ? AND seq BETWEEN ? AND ? ORDER BY seq ${order} LIMIT ?`;
    const rows = all<{ seq: number; json: string }>(sql, id, from, to, limit);
    return rows.map(({ seq, json }) => readStoredCheckpoint({ ...JSON.parse(json), seq }));
  };
  const isSnapshot = (id: string, seq: number) =>
    readRecords(id, { from: seq, to: seq, order: "asc" })[0]?.kind === "snapshot";

  return {
    setup: () => attempt(() => db.exec(SCHEMA)),
    close: () => attempt(() => db.close()),
    createExecution: (execution) =>
      transaction((now) => {
        const { id, checkpoint } = execution;
        if (rowOf(id) !== undefined) return REFUSED;
        const head = createdHead(execution, nextToken(), now);
        const sql = "INSERT INTO executions (id, createdAt, head, initialId) VALUES (?, ?, ?, ?)";
        run(sql, id, head.createdAt, JSON.stringify(head), checkpoint.id);
        insertRecord(id, { ...checkpoint, seq: 0 });
        return head;
      }),
    readHead: (id) =>
      transaction((now) => {
        const row = rowOf(id);
        const ids = row && { initialCheckpointId: row.initialId, lastClaimId: row.claimId, lastCommitId: row.commitId };
        return row && { record: headOf(row, now), ...ids };
      }),
    claimExecution: (id, request) =>
      transaction((now) => {
        const row = rowOf(id);
        if (row === undefined || row.claimId === request.claimId) return REFUSED;
        const head = headOf(row, now);
        if (claimRefusal(id, head, request, now) !== undefined) return REFUSED;
        const claimed = claimedHead(head, request, nextToken(), now);
        run("UPDATE executions SET head = ?, claimId = ? WHERE id = ?", JSON.stringify(claimed), request.claimId, id);
        return claimed;
      }),

    commit: (id, request) =>
      transaction((now) => {
        const { commitId, checkpoints = [], dropBefore } = request;
        const row = rowOf(id);
        if (row === undefined || row.commitId === commitId) return REFUSED;
        const head = headOf(row, now);
        if (commitRefusal(id, head, request) !== undefined) return REFUSED;
        const added = checkpoints.map((checkpoint, index) => ({ ...checkpoint, seq: head.seq + 1 + index }));
        const named = added.find(({ seq }) => seq === dropBefore);
        if (dropBefore !== undefined && named?.kind !== "snapshot" && !isSnapshot(id, dropBefore)) return REFUSED;
        for (const record of added) insertRecord(id, record);
        if (dropBefore !== undefined) run("DELETE FROM checkpoints WHERE executionId = ? AND seq < ?", id, dropBefore);
        const next = JSON.stringify(committedHead(head, request, now));
        run("UPDATE executions SET head = ?, commitId = ? WHERE id = ?", next, commitId, id);
        return undefined;
      }),
    isSnapshot: (id, seq) => transaction(() => isSnapshot(id, seq)),

    readRecords: (id, range) => transaction(() => (rowOf(id) === undefined ? undefined : readRecords(id, range))),
    listExecutions: (query) =>
      transaction((now) => {
        const { after, limit, order, sortBy, statuses } = query;
        const conditions: [sql: string, ...values: (SQLInputValue | undefined)[]][] = [
          ["workflowId = ?", query.workflowId],
          ["userId = ?", query.userId],
          ["parentId = ?", query.parentId],
          ["parentId IS ?", query.topLevel === true ? null : undefined],
          ["status IN (SELECT value FROM json_each(?))", statuses && JSON.stringify(statuses)],
          ["status IN ('pending', 'suspended') AND wakeAt <= ?", query.due === true ? now : undefined],
          ["status = 'running' AND leaseUntil <= ?", query.leaseExpired === true ? now : undefined],
          ["createdAt > ?", query.createdAfter],
          ["createdAt < ?", query.createdBefore],
          ["endedAt > ?", query.endedAfter],
          ["endedAt <= ?", query.endedForMs === undefined ? undefined : now - query.endedForMs],
          [`(${sortBy}, id) ${order === "asc" ? ">" : "<"} (?, ?)`, after?.time, after?.id],
        ];
        const given = conditions.filter(([, ...values]) => !values.includes(undefined));
        const where = given.map(([sql]) => sql).join(" AND ") || "TRUE";
        const values = given.flatMap(([, ...each]) => each as SQLInputValue[]);
        const sql = `SELECT * FROM executions WHERE ${where} ORDER BY ${sortBy} ${order}, id ${order} LIMIT ?`;
        return all<Row>(sql, ...values, limit + 1).map((row) => ({ record: headOf(row, now) }));
      }),

    deleteExecutions: (refs) =>
      transaction(() => {
        const sql = `DELETE FROM executions WHERE id = ? AND version IS ifnull(?, version) AND token IS ifnull(?, token)`;
        return refs.filter(({ id, version, token }) => run(sql, id, version ?? null, token ?? null) > 0).length;
      }),
    saveDefinition: (hash, json) =>
      transaction((now) => {
        run("INSERT INTO definitions VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET savedAt = ?3", hash, json, now);
      }),
    readDefinition: (hash) =>
      transaction(() => all<{ json: string }>("SELECT json FROM definitions WHERE hash = ?", hash)[0]?.json),
    deleteUnusedDefinitions: (olderThanMs) =>
      transaction((now) => run(`DELETE FROM definitions WHERE savedAt <= ? AND NOT ${IS_USED}`, now - olderThanMs)),
  };
}

const capabilities = { durable: true, multiProcess: true, maxPayloadBytes: 16 * 1024 * 1024 };
const openStore = (file: string) => defineStore(capabilities, sqliteDriver(file));

export { capabilities, openStore };
