import { setTimeout as sleep } from "node:timers/promises";
import { isWorkflowError } from "@waymark/core";
import type { Database, TransactionClient } from "../database.ts";
import type { TableNames } from "../sql/table-names.ts";
import { dropInvalid } from "./added-indexes.ts";
import { buildIndexes, hasManyRows } from "./build-indexes.ts";
import { MIGRATION_NAMES } from "./migration-names.ts";
import { migrationSteps } from "./migration-steps.ts";

/** Milliseconds that a migration waits for another process that migrates, and for locks. */
const LOCK_TIMEOUT_MS = 60_000;
/** Milliseconds that it waits for a lock on a table before it pauses: all others wait behind it. */
const TABLE_LOCK_TIMEOUT_MS = 2_000;
const PAUSE_MS = 1_000;
/** The length of the time at the end of a migration's name. */
const TIMESTAMP_LENGTH = 13;
const LOCK_NOT_AVAILABLE = "55P03";

/** The names of migrations, oldest first. */
type Names = readonly (typeof MIGRATION_NAMES)[number][];

/**
 * Brings the schema up to date in one transaction.
 *
 * - Any number of processes may do so at a time: one migrates, and the others wait and find nothing left to do.
 * - A running application is not held up for long. If a lock cannot be taken soon, the migration pauses and tries
 *   again, since all others would wait behind it. On a large table, indexes are built beside the application's work
 *   first.
 */
export async function migrate(database: Database, names: TableNames): Promise<void> {
  if (database.isShared && (await hasManyRows(database, names))) {
    await migrateAgain(database, names, MIGRATION_NAMES.slice(0, MIGRATION_NAMES.indexOf("AddIndexes1764000000004")));
    // A role's limit on statements may cut it off. Then the migration builds the indexes, and takes longer.
    await buildIndexes(database, names).catch(() => {});
  }
  await migrateAgain(database, names, MIGRATION_NAMES);
}

/** Migrates, and tries again if a lock could not be taken. */
async function migrateAgain(database: Database, names: TableNames, migrations: Names): Promise<void> {
  const deadline = performance.now() + LOCK_TIMEOUT_MS;
  for (;;) {
    try {
      return await migrateOnce(database, names, migrations);
    } catch (error) {
      const isLocked = isWorkflowError(error) && error.details.sqlState === LOCK_NOT_AVAILABLE;
      if (!isLocked || performance.now() >= deadline) throw error;
      await sleep(PAUSE_MS);
    }
  }
}

async function migrateOnce(database: Database, names: TableNames, migrations: Names): Promise<void> {
  await database.transaction(async (client) => {
    // A role's own limit must not cut off a long migration. Only the wait for others is limited.
    await client.query("SET LOCAL statement_timeout = 0");
    await client.query(`SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}`);
    // Held until the transaction ends, even behind a pooler that assigns the connection to another client afterwards.
    await client.query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", [`waymark:${names.executions}`]);
    await client.query(`SET LOCAL lock_timeout = ${TABLE_LOCK_TIMEOUT_MS}`);
    const { rows } = await client.query("SELECT to_regnamespace($1) IS NOT NULL AS exists", [`"${names.schema}"`]);
    // Checked first, because CREATE SCHEMA IF NOT EXISTS needs the permission even if the schema exists.
    if (rows[0]?.exists !== true) await client.query(`CREATE SCHEMA "${names.schema}"`);
    if (migrations.length === MIGRATION_NAMES.length) await dropInvalid(names, (sql) => client.query(sql));
    await runMigrations(client, names, migrations);
  });
}

/** Runs the migrations that are missing. They are noted in the table, and in the form, in which TypeORM notes them. */
async function runMigrations(client: TransactionClient, names: TableNames, migrations: Names): Promise<void> {
  await client.query(`CREATE TABLE IF NOT EXISTS ${names.migrations} (
    id serial PRIMARY KEY,
    timestamp bigint NOT NULL,
    name character varying NOT NULL
  )`);
  const { rows } = await client.query(`SELECT name FROM ${names.migrations}`);
  const applied = new Set(rows.map(({ name }) => name));
  const steps = migrationSteps(names);
  for (const name of migrations.filter((one) => !applied.has(one))) {
    for (const sql of steps[name].up) await client.query(sql);
    const note = `INSERT INTO ${names.migrations} (timestamp, name) VALUES ($1, $2)`;
    await client.query(note, [Number(name.slice(-TIMESTAMP_LENGTH)), name]);
  }
}
