import { setTimeout as sleep } from "node:timers/promises";
import { isWorkflowError } from "@waymark/core";
import { DataSource, type Logger, MigrationExecutor } from "typeorm";
import type { Database, TransactionClient } from "../database.ts";
import { dropInvalid } from "../schema/added-indexes.ts";
import { buildIndexes, hasManyRows } from "../schema/build-indexes.ts";
import { MIGRATION_NAMES } from "../schema/migration-names.ts";
import type { TableNames } from "../sql/table-names.ts";
import { waymarkDataSourceOptions } from "./data-source-options.ts";
import { type MigrationClass, waymarkMigrations } from "./migrations.ts";

/** Milliseconds that a migration waits for another process that migrates, and for locks. */
const LOCK_TIMEOUT_MS = 60_000;
/** Milliseconds that it waits for a lock on a table before it pauses: all others wait behind it. */
const TABLE_LOCK_TIMEOUT_MS = 2_000;
const PAUSE_MS = 1_000;
const LOCK_NOT_AVAILABLE = "55P03";

const ignore = () => {};
/** A logger that prints nothing. TypeORM prints a migration's failure even with `logging: false`; here it is thrown. */
const SILENT: Logger = {
  logQuery: ignore,
  logQueryError: ignore,
  logQuerySlow: ignore,
  logSchemaBuild: ignore,
  logMigration: ignore,
  log: ignore,
};

/**
 * Brings the schema up to date in one transaction.
 *
 * - Any number of processes may do so at a time: one migrates, and the others wait and find nothing left to do.
 * - A running application is not held up for long. If a lock cannot be taken soon, the migration pauses and tries
 *   again, since all others would wait behind it. On a large table, indexes are built beside the application's work
 *   first.
 */
export async function migrate(database: Database, names: TableNames): Promise<void> {
  const migrations = waymarkMigrations({ schema: names.schema, tablePrefix: names.prefix });
  if (database.isShared && (await hasManyRows(database, names))) {
    await migrateAgain(database, names, migrations.slice(0, MIGRATION_NAMES.indexOf("AddIndexes1764000000004")));
    // A role's limit on statements may cut it off. Then the migration builds the indexes, and takes longer.
    await buildIndexes(database, names).catch(ignore);
  }
  await migrateAgain(database, names, migrations);
}

/** Migrates, and tries again if a lock could not be taken. */
async function migrateAgain(database: Database, names: TableNames, migrations: MigrationClass[]): Promise<void> {
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

async function migrateOnce(database: Database, names: TableNames, migrations: MigrationClass[]): Promise<void> {
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

async function runMigrations(
  client: TransactionClient,
  names: TableNames,
  migrations: MigrationClass[],
): Promise<void> {
  const dataSource = new DataSource({
    type: "postgres",
    driver: { Pool: pinnedPool(client) },
    ...waymarkDataSourceOptions({ schema: names.schema, tablePrefix: names.prefix }),
    migrations,
    synchronize: false,
    installExtensions: false,
    logging: false,
    logger: SILENT,
  });
  await dataSource.initialize();
  try {
    const queryRunner = dataSource.createQueryRunner();
    const executor = new MigrationExecutor(dataSource, queryRunner);
    // The transaction has already begun, and holds the lock.
    executor.transaction = "none";
    await executor.executePendingMigrations();
    await queryRunner.release();
  } finally {
    await dataSource.destroy();
  }
}

/** Makes the part of `pg.Pool` that TypeORM uses, on one connection that it does not end. */
function pinnedPool(client: TransactionClient) {
  const noop = () => {};
  const connection = { query: client.query.bind(client), on: noop, removeListener: noop };
  return class PinnedPool {
    on = noop;
    connect(callback: (error: undefined, one: typeof connection, release: () => void) => void): void {
      callback(undefined, connection, noop);
    }
    end(callback: () => void): void {
      callback();
    }
  };
}
