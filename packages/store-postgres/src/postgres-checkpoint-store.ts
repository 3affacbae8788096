import { type CheckpointStore, DefinedStore, type StoreCapabilities } from "@waymark/core/store";
import { checkMadeHere, DEFAULT_TIMEOUT_MS, setUpOrClose } from "@waymark/store-connection";
import { borrowDatabase, checkClient, isPGlite, type PostgresClient } from "./borrow-database.ts";
import { openDatabase, openForMigration } from "./open-database.ts";
import {
  checkConnectOptions,
  checkStoreOptions,
  checkTransactionOptions,
  type PostgresConnectOptions,
  type PostgresStoreOptions,
  type PostgresTransactionOptions,
} from "./options.ts";
import { PostgresDriver, type PostgresDriverOptions } from "./postgres-driver.ts";
import { prepareSchema } from "./schema/prepare-schema.ts";
import { tableNames } from "./sql/table-names.ts";
import { callerDatabase } from "./transaction/caller-database.ts";
import type { PostgresTransaction } from "./transaction/postgres-transaction.ts";
import { transactionStore } from "./transaction/transaction-store.ts";

/**
 * Keeps executions in PostgreSQL: on a server, or inside this process by PGlite.
 *
 * - A commit is one statement and one round trip. It resolves once the server reports it as durable.
 * - Leases go by the server's clock.
 * - Any number of processes may share the tables, which the first of them makes.
 *
 * @example
 * ```ts
 * const store = await PostgresCheckpointStore.connect({ url: process.env.DATABASE_URL });
 * const engine = createWorkflowEngine({ store, workflows, executors });
 * ```
 */
export class PostgresCheckpointStore extends DefinedStore {
  /** The capabilities on a server. On PGlite in a folder, `multiProcess` is false. */
  static readonly capabilities: StoreCapabilities = Object.freeze({
    durable: true,
    multiProcess: true,
    maxPayloadBytes: 64 * 1024 * 1024,
  });

  private constructor(options: PostgresDriverOptions, capabilities: Partial<StoreCapabilities>) {
    checkMadeHere(options?.names !== undefined, "PostgresCheckpointStore");
    super({ ...PostgresCheckpointStore.capabilities, ...capabilities }, new PostgresDriver(options));
  }

  /**
   * Opens a server by its address, or PGlite on a folder. `close` ends the connections.
   *
   * - The tables are checked, and made or brought up to date unless `migrate` is false, before it resolves.
   *
   * @throws {WorkflowError} INVALID_ARGUMENT, STORE_UNAVAILABLE, STATE_VERSION_UNSUPPORTED
   */
  static async connect(given: PostgresConnectOptions): Promise<PostgresCheckpointStore> {
    const options = checkConnectOptions(given);
    const names = tableNames(options);
    const { migrate = true } = options;
    const isDirectory = "dataDir" in options;
    const openOther = async () => (isDirectory ? undefined : openForMigration(options));
    const store = new PostgresCheckpointStore(
      {
        names,
        open: () => openDatabase(options),
        prepare: (database) => prepareSchema({ database, names, migrate, openForMigration: openOther }),
      },
      isDirectory ? pgliteCapabilities(options.dataDir) : {},
    );
    return setUpOrClose(store);
  }

  /**
   * Uses a client that the application has opened: a TypeORM `DataSource`, a `pg.Pool`, or a PGlite. `close` leaves it
   * open.
   *
   * - The tables are checked, and made or brought up to date unless `migrate` is false, by the first call (see
   *   `setup`).
   * - Of a DataSource it uses only the pool, and not its entities, migrations and naming strategy.
   *
   * @throws {WorkflowError} INVALID_ARGUMENT
   */
  static from(client: PostgresClient, given: PostgresStoreOptions = {}): PostgresCheckpointStore {
    checkClient(client);
    const options = checkStoreOptions(given);
    const names = tableNames(options);
    const { migrate = true } = options;
    return new PostgresCheckpointStore(
      {
        names,
        open: () => borrowDatabase(client, options),
        prepare: (database) => prepareSchema({ database, names, migrate }),
      },
      isPGlite(client) ? pgliteCapabilities(client.dataDir) : {},
    );
  }

  /**
   * Returns a view of the store whose `saveDefinition` and `createExecution` run inside a transaction that the caller
   * has begun: an execution is created together with the caller's own rows, or not at all.
   *
   * - `client` is a connection of `pg` after its `BEGIN`, a TypeORM `EntityManager` or `QueryRunner` in a transaction,
   *   or the transaction that PGlite's `transaction()` passes to its callback.
   * - It never begins, commits or ends a transaction, and never sends a statement again. If a statement fails,
   *   PostgreSQL aborts the transaction: the error reports that, and later calls reject with STORE_CLOSED.
   * - The tables must exist: `setup` of the store makes them. Any other method is refused as INVALID_ARGUMENT.
   *
   * @throws {WorkflowError} INVALID_ARGUMENT
   *
   * @example
   * ```ts
   * await dataSource.transaction(async (manager) => {
   *   await manager.insert(Order, order);
   *   const view = PostgresCheckpointStore.inTransaction(manager);
   *   await view.createExecution(execution);
   * });
   * ```
   */
  static inTransaction(client: PostgresTransaction, given: PostgresTransactionOptions = {}): CheckpointStore {
    const options = checkTransactionOptions(given);
    return transactionStore({
      capabilities: PostgresCheckpointStore.capabilities,
      names: tableNames(options),
      database: callerDatabase(client, options.timeoutMs ?? DEFAULT_TIMEOUT_MS),
      transaction: client,
    });
  }

  /**
   * Makes the tables or brings them up to date, and closes: for a deployment step, as a user with the permission.
   *
   * @throws {WorkflowError} INVALID_ARGUMENT, STORE_UNAVAILABLE, STATE_VERSION_UNSUPPORTED
   */
  static async migrate(options: PostgresConnectOptions): Promise<void> {
    const store = await PostgresCheckpointStore.connect({ ...options, migrate: true });
    await store.close();
  }
}

/** Returns the capabilities of a PGlite, which serves one process and, without a folder, is in memory. */
function pgliteCapabilities(dataDir = "memory://"): Partial<StoreCapabilities> {
  return { durable: !dataDir.startsWith("memory://"), multiProcess: false };
}
