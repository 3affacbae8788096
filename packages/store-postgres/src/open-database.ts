import { WorkflowError } from "@waymark/core";
import type { PoolConfig } from "pg";
import type { Database } from "./database.ts";
import {
  type ConnectOptions,
  type ConnectServerOptions,
  DEFAULT_POOL_SIZE,
  DEFAULT_TIMEOUT_MS,
  type PostgresStoreOptions,
} from "./options.ts";
import type { PGliteDatabaseOptions } from "./pglite-database.ts";
import { ServerDatabase } from "./server-database.ts";

/** The `pg` part of a TypeORM DataSource, and what tells it apart. */
interface DataSourceLike {
  readonly isInitialized: boolean;
  readonly options: { readonly type: string };
  readonly driver: object;
}

/** What {@link PostgresCheckpointStore.from} takes: a TypeORM `DataSource`, a `pg.Pool` or a PGlite. */
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
}

/** Opens the database that is named. Nothing is connected before the first statement. */
export async function openDatabase(options: ConnectOptions): Promise<Database> {
  if ("dataDir" in options) {
    const { openDirectory } = await import("./open-directory.ts");
    return openDirectory(options.dataDir, options.timeoutMs ?? DEFAULT_TIMEOUT_MS);
  }
  return openServer(options, "url");
}

/** Opens the server by the address for migrations, if there is one of its own. */
export async function openForMigration(options: ConnectServerOptions): Promise<Database | undefined> {
  return options.directUrl === undefined ? undefined : openServer({ ...options, poolSize: 1 }, "directUrl");
}

async function openServer(options: ConnectServerOptions, address: "url" | "directUrl"): Promise<Database> {
  const { default: pg } = await import("pg");
  const url = options[address];
  const { timeoutMs = DEFAULT_TIMEOUT_MS, prepare = true, poolSize = DEFAULT_POOL_SIZE } = options;
  const config: PoolConfig = {
    application_name: "waymark",
    keepAlive: true,
    connectionTimeoutMillis: timeoutMs,
    max: poolSize,
    ...options.options,
    ...(url === undefined ? {} : { connectionString: url }),
  };
  if (url !== undefined) checkAddress(address, () => new pg.Client({ connectionString: url }));
  return new ServerDatabase({ pool: new pg.Pool(config), owned: true, timeoutMs, prepare });
}

/** A client reads its address, and the certificates that it names, when it is made: the pool would at the first call. */
function checkAddress(name: string, read: () => unknown): void {
  try {
    read();
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message : String(cause);
    throw new WorkflowError("INVALID_ARGUMENT", `${name} cannot be used: ${problem}`, {
      cause,
      details: { argument: name },
    });
  }
}

/** Wraps what the application has opened. @throws {WorkflowError} INVALID_ARGUMENT */
export async function borrowDatabase(client: PostgresClient, options: PostgresStoreOptions): Promise<Database> {
  const { timeoutMs = DEFAULT_TIMEOUT_MS, prepare = true } = options;
  if (isPGlite(client)) {
    const { pgliteDatabase } = await import("./pglite-database.ts");
    return pgliteDatabase({ pglite: client as unknown as PGliteDatabaseOptions["pglite"], timeoutMs });
  }
  const pool = (
    isDataSource(client) ? (client.driver as { master?: unknown }).master : client
  ) as ConstructorParameters<typeof ServerDatabase>[0]["pool"];
  return new ServerDatabase({ pool, owned: false, timeoutMs, prepare });
}

/** Refuses what is no connection to PostgreSQL. @throws {WorkflowError} INVALID_ARGUMENT */
export function checkClient(client: PostgresClient): void {
  if (typeof client !== "object" || client === null) throw invalid("must be a DataSource, a pg.Pool or a PGlite");
  if (isDataSource(client)) {
    if (client.options.type !== "postgres") {
      throw invalid(`must be a DataSource of type "postgres", not "${client.options.type}"`);
    }
    if (!client.isInitialized) throw invalid("is a DataSource that is not initialized; await its initialize() first");
  } else if (!isPool(client) && !isPGlite(client)) {
    throw invalid("must be a DataSource, a pg.Pool or a PGlite (a single pg.Client cannot be shared)");
  }
}

/** PGlite serves one process, and "memory://" ends with it. */
export function isPGlite(client: PostgresClient): client is PGliteLike {
  return "transaction" in client && "query" in client && !("driver" in client);
}

function isDataSource(client: PostgresClient): client is DataSourceLike {
  return "driver" in client && "isInitialized" in client;
}

function isPool(client: PostgresClient): client is PoolLike {
  return "connect" in client && "totalCount" in client;
}

function invalid(problem: string): WorkflowError {
  return new WorkflowError("INVALID_ARGUMENT", `The client ${problem}.`, { details: { argument: "client" } });
}
