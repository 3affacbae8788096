import { initialise, newFolder, runPostgres, runStatement } from "../postgres.ts";
import type { OwnTestServer } from "../registry.ts";
import { copyAsStandby, primaryConnectionInfo, type Replication, replication } from "../streaming-standby.ts";
import { documentDbEngine, type EnginePrograms } from "./fetch-engine.ts";

const SETTINGS = {
  shared_preload_libraries: "pg_cron,pg_documentdb_core,pg_documentdb",
  "cron.database_name": "postgres",
  "cron.use_background_workers": "on",
  "cron.log_run": "off",
  "cron.log_statement": "off",
  max_worker_processes: "20",
  max_connections: "100",
  deadlock_timeout: "20ms",
  jit: "off",
};

// The extension opens connections to its own server and knows no password.
const FILES = { "pg_hba.conf": "host all,replication all 127.0.0.1/32 trust\n" };

/** What an engine can be told. */
export interface EngineOptions {
  /** Where the programs are kept that are fetched once. */
  cache: string;
  /** Whether it syncs its log to the disk. */
  fsync: boolean;
}

/** A PostgreSQL with the DocumentDB extension. Its URL is PostgreSQL's; the gateway makes a MongoDB of it. */
export interface Engine extends OwnTestServer {
  /** The folder of its data. */
  readonly folder: string;
}

/** Two engines, of which one streams what the other writes. */
export interface EnginePair extends Replication {
  primary: Engine;
  /** Read-only, until it is promoted. */
  standby: Engine;
  stop(): Promise<void>;
}

/** Starts an engine. */
export async function startEngine({ cache, fsync }: EngineOptions): Promise<Engine> {
  const programs = await documentDbEngine(cache);
  const folder = newFolder();
  await initialise(programs.initdb, folder, FILES);
  const engine = await run({ folder, fsync, programs, role: "engine" });
  await makeExtension(engine);
  return engine;
}

/** Starts an engine with a hot standby. */
export async function startEnginePair({ cache, fsync }: EngineOptions): Promise<EnginePair> {
  const programs = await documentDbEngine(cache);
  const [folder, standbyFolder] = [newFolder(), newFolder()];
  await initialise(programs.initdb, folder, FILES);
  copyAsStandby(folder, standbyFolder);
  const primary = await run({ folder, fsync, programs, role: "engine, primary" });
  try {
    const primary_conninfo = primaryConnectionInfo(primary.url);
    const standby = await run(
      { folder: standbyFolder, fsync, programs, role: "engine, standby" },
      { primary_conninfo },
    );
    const pair = { primary, standby, ...(await replication(primary.url, standby.url)) };
    await makeExtension(primary);
    await pair.catchUp();
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
  return { ...server, folder };
}

async function makeExtension({ url }: Engine): Promise<void> {
  await runStatement(url, "CREATE EXTENSION IF NOT EXISTS documentdb CASCADE");
}
