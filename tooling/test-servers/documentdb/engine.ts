import { tmpdir } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { runPostgres, runStatement } from "../postgres.ts";
import { copyPrepared, initialise, newFolder, runAlone } from "../postgres-data.ts";
import type { OwnTestServer } from "../registry.ts";
import { copyAsStandby, primaryConnectionInfo, type Replication, replication } from "../streaming-standby.ts";
import { documentDbEngine, type EnginePrograms } from "./fetch-engine.ts";

/** PostgreSQL's error for connections during a shutdown. */
const SHUTTING_DOWN = "57P03";
const SETTINGS = {
  shared_preload_libraries: "pg_cron,pg_documentdb_core,pg_documentdb",
  // A cursor outlives its connection, so that any other connection can continue it.
  "documentdb.useFileBasedPersistedCursors": "on",
  // A deadlocked batch fails as a whole, so that it can be run again.
  "documentdb.throwDeadlockOnCRUD": "on",
  "cron.database_name": "postgres",
  "cron.use_background_workers": "on",
  "cron.log_run": "off",
  "cron.log_statement": "off",
  max_worker_processes: "20",
  max_connections: "100",
  deadlock_timeout: "20ms",
  jit: "off",
};

const EXTENSION = "CREATE EXTENSION documentdb CASCADE";
// The extension opens connections to its own server, without a password.
const FILES = { "pg_hba.conf": "host all,replication all 127.0.0.1/32 trust\n" };

/** The options of an engine. */
export interface EngineOptions {
  /** The folder for the programs, which are downloaded once. */
  cache: string;
  /** True if it syncs its log to the disk. */
  fsync: boolean;
}

/** A PostgreSQL server with the DocumentDB extension. Its URL is a PostgreSQL address; the gateway offers MongoDB's. */
export interface Engine extends OwnTestServer {
  /** Runs SQL statements. */
  query(sql: string): Promise<unknown>;
  /** Starts a shutdown: it refuses new connections and has closed all others, but does not end until it is killed. */
  beginShutDown(): Promise<void>;
}

/** A primary engine and a standby that streams its writes. */
export interface EnginePair extends Replication {
  primary: Engine;
  /** The standby. It is read-only until it is promoted. */
  standby: Engine;
  stop(): Promise<void>;
}

/** Starts an engine. */
export async function startEngine({ cache, fsync }: EngineOptions): Promise<Engine> {
  const programs = await documentDbEngine(cache);
  const folder = newFolder(fsync ? tmpdir() : undefined);
  await initialiseEngine(programs, folder);
  return run({ folder, fsync, programs, role: "engine" });
}

/** Starts an engine with a hot standby. */
export async function startEnginePair({ cache, fsync }: EngineOptions): Promise<EnginePair> {
  const programs = await documentDbEngine(cache);
  const [folder, standbyFolder] = [newFolder(), newFolder()];
  await initialiseEngine(programs, folder);
  copyAsStandby(folder, standbyFolder);
  const primary = await run({ folder, fsync, programs, role: "engine, primary" });
  try {
    const primary_conninfo = primaryConnectionInfo(primary.url);
    const standby = await run(
      { folder: standbyFolder, fsync, programs, role: "engine, standby" },
      { primary_conninfo },
    );
    const pair = { primary, standby, ...(await replication(primary.url, standby.url)) };
    return { ...pair, stop: async () => void (await Promise.all([primary.stop(), standby.stop()])) };
  } catch (error) {
    await primary.stop();
    throw error;
  }
}

async function run(
  { folder, fsync, programs, role }: { folder: string; fsync: boolean; programs: EnginePrograms; role: string },
  more: Record<string, string> = {},
): Promise<Engine> {
  const settings = { ...SETTINGS, ...more, fsync: fsync ? "on" : "off" };
  const server = await runPostgres({ binaries: { ...programs, origin: "DocumentDB" }, folder, settings, role });
  const { url } = server;
  return { ...server, query: (sql) => runStatement(url, sql), beginShutDown: () => beginShutDown(url) };
}

/** Begins a shutdown that does not end, because one connection stays open. */
async function beginShutDown(url: string): Promise<void> {
  const holder = new pg.Client({ connectionString: url });
  holder.on("error", () => {});
  await holder.connect();
  const { rows } = await holder.query("SELECT split_part(pg_read_file('postmaster.pid'), E'\\n', 1)::int AS pid");
  process.kill(rows[0].pid, "SIGTERM");
  while ((await codeOf(runStatement(url, "SELECT"))) !== SHUTTING_DOWN) await sleep(5);
  await holder.query(
    `SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
      WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`,
  );
}

async function codeOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => undefined,
    ({ code }) => code,
  );
}

/** Creates a cluster that has the extension, which takes most of the time of creating one. */
function initialiseEngine(programs: EnginePrograms, folder: string): Promise<void> {
  const prepare = async (building: string) => {
    await initialise(programs, building, FILES);
    await runAlone(programs, building, { settings: SETTINGS, sql: EXTENSION });
  };
  return copyPrepared({ programs, folder, recipe: [SETTINGS, FILES, EXTENSION], prepare });
}
