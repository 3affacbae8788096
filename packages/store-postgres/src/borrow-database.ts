import { isWorkflowError, type WorkflowError } from "@waymark/core";
import { invalidArgument, quoted, unavailable } from "@waymark/core/store";
import { cureOfClient, DEFAULT_TIMEOUT_MS } from "@waymark/store-connection";
import type { Pool } from "pg";
import type { Database } from "./database.ts";
import type { PostgresStoreOptions } from "./options.ts";
import type { PGliteDatabaseOptions } from "./pglite/pglite-database.ts";
import { ServerDatabase } from "./server/server-database.ts";

/** The part of a TypeORM DataSource that the store uses, and by which it recognizes one. */
interface DataSourceLike {
  readonly isInitialized: boolean;
  readonly options: { readonly type: string };
  readonly driver: object;
}

/** A client for {@link PostgresCheckpointStore.from}: a TypeORM `DataSource`, a `pg.Pool` or a PGlite. */
export type PostgresClient = DataSourceLike | PoolLike | PGliteLike;

/** A `pg.Pool`, of any version. */
export interface PoolLike {
  connect(): Promise<unknown>;
  readonly totalCount: number;
}

/** A PGlite, of any version. */
export interface PGliteLike {
  query(text: string): Promise<unknown>;
  transaction: unknown;
  readonly ready: boolean;
  /** The folder of its data; absent if it is in memory. */
  readonly dataDir?: string | undefined;
}

/** Wraps a client that the application has opened. @throws {WorkflowError} INVALID_ARGUMENT */
export async function borrowDatabase(client: PostgresClient, options: PostgresStoreOptions): Promise<Database> {
  const { timeoutMs = DEFAULT_TIMEOUT_MS, prepare = true } = options;
  if (isPGlite(client)) {
    const { pgliteDatabase } = await import("./pglite/pglite-database.ts");
    return pgliteDatabase({ pglite: client as unknown as PGliteDatabaseOptions["pglite"], timeoutMs });
  }
  const wrap = (pool: Pool) => new ServerDatabase({ pool, owned: false, timeoutMs, prepare });
  return isDataSource(client) ? new DataSourceDatabase(client, wrap) : wrap(client as unknown as Pool);
}

/** Checks that a client is a connection to PostgreSQL. @throws {WorkflowError} INVALID_ARGUMENT */
export function checkClient(client: PostgresClient): void {
  if (typeof client !== "object" || client === null || client instanceof Promise) {
    const cure = cureOfClient(client, "PostgresCheckpointStore");
    throw invalid(`must be a DataSource, a pg.Pool or a PGlite${cure}`);
  }
  if (isDataSource(client)) {
    const { type } = client.options;
    if (type !== "postgres") throw invalid(`must be a DataSource of type "postgres", not ${quoted(type)}`);
    if (!client.isInitialized) throw invalid("is a DataSource that is not initialized; await its initialize() first");
  } else if (!isPool(client) && !isPGlite(client)) {
    throw invalid("must be a DataSource, a pg.Pool or a PGlite (a single pg.Client cannot be shared)");
  }
}

/** Returns whether a client is a PGlite, which serves one process. */
export function isPGlite(client: PostgresClient): client is PGliteLike {
  return "transaction" in client && "query" in client && !("driver" in client);
}

/** A database behind a DataSource, which has a new pool each time that it is initialized. */
class DataSourceDatabase implements Database {
  readonly isShared = true;
  readonly #dataSource: DataSourceLike;
  readonly #wrap: (pool: Pool) => Database;
  #pool: Pool | undefined;
  #database: Database | undefined;

  constructor(dataSource: DataSourceLike, wrap: (pool: Pool) => Database) {
    this.#dataSource = dataSource;
    this.#wrap = wrap;
  }

  run: Database["run"] = (...call) => this.#use((database) => database.run(...call));

  transaction: Database["transaction"] = (work) => this.#use((database) => database.transaction(work));

  async end(): Promise<void> {
    await this.#database?.end();
  }

  async #use<T>(work: (database: Database) => Promise<T>): Promise<T> {
    try {
      return await work(this.#current());
    } catch (error) {
      // The pool has ended, but the DataSource can be initialized again.
      throw isWorkflowError(error, "STORE_CLOSED") ? notInitialized(error.cause) : error;
    }
  }

  #current(): Database {
    const { isInitialized, driver } = this.#dataSource;
    const { master } = driver as { master?: Pool };
    if (!isInitialized || master === undefined) throw notInitialized();
    if (master !== this.#pool || this.#database === undefined) {
      if (!isPool(master)) throw invalid("is a DataSource whose `driver.master` is no pg.Pool, as TypeORM's is");
      void this.#database?.end();
      this.#pool = master;
      this.#database = this.#wrap(master);
    }
    return this.#database;
  }
}

function isDataSource(client: PostgresClient): client is DataSourceLike {
  return "driver" in client && "isInitialized" in client;
}

function isPool(client: object): client is PoolLike {
  return "connect" in client && "totalCount" in client;
}

function notInitialized(cause?: unknown): WorkflowError {
  return unavailable("connection", "The DataSource is not initialized, or was destroyed; await its initialize().", {
    cause,
  });
}

function invalid(problem: string): WorkflowError {
  return invalidArgument("client", problem, "The client");
}
