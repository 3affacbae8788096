import { setTimeout as sleep } from "node:timers/promises";
import { type Database, statement } from "../database.ts";
import type { TableNames } from "../sql/table-names.ts";
import { addedIndexes, createIndex, dropInvalid } from "./added-indexes.ts";

/** The number of rows from which the build of an index holds writes up noticeably. */
const MANY_ROWS = 10_000;
/** Milliseconds after which the build of an index fails. */
const BUILD_TIMEOUT_MS = 3_600_000;
/** Milliseconds between two checks whether another process has built the indexes. */
const PAUSE_MS = 200;

/** Returns whether there are so many executions that indexes should be built beside other work. */
export async function hasManyRows(database: Database, { executions }: TableNames): Promise<boolean> {
  const exists = statement("SELECT to_regclass($1::text) IS NOT NULL AS found");
  const { rows } = await database.run(exists, [executions], { unprepared: true });
  if (rows[0]?.found?.startsWith("t") !== true) return false;
  const many = statement(`SELECT FROM ${executions} OFFSET ${MANY_ROWS} LIMIT 1`);
  return (await database.run(many, [], { unprepared: true })).rowCount > 0;
}

/**
 * Builds the indexes that a migration adds, while others write.
 *
 * - One process builds, and the others wait for it. They poll instead of waiting for a lock: a statement that waits has
 *   a snapshot, which the build would wait for in turn.
 * - It takes two connections: one holds the lock, in a transaction that does nothing else.
 */
export async function buildIndexes(database: Database, names: TableNames): Promise<void> {
  // Without a parameter: a statement with a bound parameter keeps its snapshot, which the build would wait for.
  const lock = `SELECT pg_try_advisory_xact_lock(hashtextextended('waymark:${names.executions}', 1)) AS taken`;
  for (;;) {
    const isDone = await database.transaction(async (client) => {
      await client.query("SET LOCAL idle_in_transaction_session_timeout = 0");
      const { rows } = await client.query(lock);
      if (rows[0]?.taken !== true) return false;
      const send = (sql: string) => database.run(statement(sql), [], { unprepared: true, timeoutMs: BUILD_TIMEOUT_MS });
      await dropInvalid(names, send, "CONCURRENTLY");
      for (const index of addedIndexes(names)) await send(createIndex(index, "CONCURRENTLY"));
      return true;
    });
    if (isDone) return;
    await sleep(PAUSE_MS);
  }
}
