import { DataSource, type Logger, MigrationExecutor } from "typeorm";
import type { Database, Session } from "../database.ts";
import type { TableNames } from "../table-names.ts";
import { waymarkDataSourceOptions } from "./data-source-options.ts";

/** How long a migration waits for another process that migrates, and for locks, in milliseconds. */
const LOCK_TIMEOUT_MS = 60_000;

const ignore = () => {};
/** TypeORM prints the failure of a migration whatever `logging` is; here it is thrown, and that is enough. */
const SILENT: Logger = {
  logQuery: ignore,
  logQueryError: ignore,
  logQuerySlow: ignore,
  logSchemaBuild: ignore,
  logMigration: ignore,
  log: ignore,
};

/**
 * Brings the schema up to date, in one transaction: all of it or nothing.
 *
 * - Any number of processes may do so at once: one migrates, the others wait and find nothing left to do.
 */
export async function migrate(database: Database, names: TableNames): Promise<void> {
  await database.transaction(async (session) => {
    // A role's own limit must not cut a long migration off; waiting for others is limited instead.
    await session.query("SET LOCAL statement_timeout = 0");
    await session.query(`SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}`);
    // Held until the transaction ends, also by a pooler that hands the connection to someone else afterwards.
    await session.query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", [`waymark:${names.executions}`]);
    const { rows } = await session.query("SELECT to_regnamespace($1) IS NOT NULL AS exists", [`"${names.schema}"`]);
    // Asked before, because CREATE SCHEMA IF NOT EXISTS wants the permission even where there is nothing to create.
    if (rows[0]?.exists !== true) await session.query(`CREATE SCHEMA "${names.schema}"`);
    await runMigrations(session, names);
  });
}

async function runMigrations(session: Session, names: TableNames): Promise<void> {
  const dataSource = new DataSource({
    type: "postgres",
    driver: { Pool: pinnedPool(session) },
    ...waymarkDataSourceOptions({ schema: names.schema, tablePrefix: names.prefix }),
    synchronize: false,
    installExtensions: false,
    logging: false,
    logger: SILENT,
  });
  await dataSource.initialize();
  try {
    const queryRunner = dataSource.createQueryRunner();
    const executor = new MigrationExecutor(dataSource, queryRunner);
    // The transaction is begun already, with the lock in it.
    executor.transaction = "none";
    await executor.executePendingMigrations();
    await queryRunner.release();
  } finally {
    await dataSource.destroy();
  }
}

/** What TypeORM uses of `pg.Pool`, on one connection that stays ours. */
function pinnedPool(session: Session) {
  const noop = () => {};
  const client = { query: session.query.bind(session), on: noop, removeListener: noop };
  return class PinnedPool {
    on = noop;
    connect(callback: (error: undefined, connection: typeof client, release: () => void) => void): void {
      callback(undefined, client, noop);
    }
    end(callback: () => void): void {
      callback();
    }
  };
}
