import { WorkflowError } from "@waymark/core";
import { DEFAULT_TIMEOUT_MS } from "@waymark/store-connection";
import type { PoolConfig } from "pg";
import type { Database } from "./database.ts";
import { DEFAULT_POOL_SIZE, type PostgresConnectOptions, type PostgresServerOptions } from "./options.ts";
import { ServerDatabase } from "./server/server-database.ts";
import { causeOf } from "./server/translate-error.ts";

/** Opens the database of the options. It does not connect before the first statement. */
export async function openDatabase(options: PostgresConnectOptions): Promise<Database> {
  if ("dataDir" in options) {
    const { openDirectory } = await import("./pglite/open-directory.ts");
    return openDirectory(options.dataDir, options.timeoutMs ?? DEFAULT_TIMEOUT_MS);
  }
  return openServer(options, "url");
}

/** Opens the server by its address for migrations, if there is one. */
export async function openForMigration(options: PostgresServerOptions): Promise<Database | undefined> {
  return options.directUrl === undefined ? undefined : openServer({ ...options, poolSize: 2 }, "directUrl");
}

async function openServer(options: PostgresServerOptions, address: "url" | "directUrl"): Promise<Database> {
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

/** Makes a client to check its address and the certificates that it names. The pool would do so at the first call. */
function checkAddress(name: string, read: () => unknown): void {
  try {
    read();
  } catch (error) {
    const cause = causeOf(error);
    throw new WorkflowError("INVALID_ARGUMENT", `${name} cannot be used: ${cause.message}`, {
      cause,
      details: { argument: name },
    });
  }
}
