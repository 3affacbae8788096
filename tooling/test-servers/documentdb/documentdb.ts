import { execFile } from "node:child_process";
import { appendFileSync, mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import pg from "pg";
import { freePort } from "../free-port.ts";
import { type OwnTestServer, register, unregister } from "../registry.ts";
import { SupervisedProcess, startAgain } from "../supervised-process.ts";
import { giveAway, unprivilegedUser } from "../unprivileged-user.ts";
import { documentDbEngine, type Engine } from "./fetch-engine.ts";

const GATEWAY = fileURLToPath(new URL("./gateway.ts", import.meta.url));
const SETTINGS = `
shared_preload_libraries = 'pg_cron,pg_documentdb_core,pg_documentdb'
cron.database_name = 'postgres'
cron.use_background_workers = on
cron.log_run = off
cron.log_statement = off
max_worker_processes = 20
max_connections = 100
deadlock_timeout = 20ms
jit = off
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
`;

/** Starts the DocumentDB engine behind the gateway: two processes that are one server to the tests. */
export async function startDocumentDb(options: {
  cache: string;
  fsync: boolean;
  isReady: (url: string) => Promise<boolean>;
}): Promise<OwnTestServer> {
  const engine = await documentDbEngine(options.cache);
  const user = unprivilegedUser();
  const folder = mkdtempSync(join(tmpdir(), "waymark-documentdb-"));
  giveAway(folder, user);
  const data = join(folder, "data");
  await initialise(engine, data, options.fsync);
  const [databasePort, port] = [await freePort(), await freePort()];
  const args = ["-D", data, "-p", String(databasePort)];
  const database = new SupervisedProcess(folder, { command: engine.postgres, args, ...user });
  const gatewayFolder = mkdtempSync(join(tmpdir(), "waymark-gateway-"));
  const gateway = new SupervisedProcess(gatewayFolder, {
    command: process.execPath,
    args: [GATEWAY, String(port), String(databasePort)],
  });
  const url = `mongodb://127.0.0.1:${port}`;
  const start = async () => {
    await startAgain(database, () => prepare(databasePort));
    await gateway.start(() => options.isReady(url));
  };
  const end = (signal: NodeJS.Signals) =>
    Promise.all([database, gateway].map((one) => (one.isRunning ? one.end(signal) : undefined)));
  const dispose = () => Promise.all([database.dispose(), gateway.dispose()]);
  try {
    await start();
  } catch (error) {
    await dispose();
    throw new Error("The DocumentDB server for the tests did not start.", { cause: error });
  }
  const self: OwnTestServer = register({
    name: "DocumentDB (PostgreSQL 18) behind the gateway",
    url,
    kill: async () => {
      await end("SIGKILL");
    },
    restart: async () => {
      await end("SIGKILL");
      await start();
    },
    stop: async () => {
      unregister(self);
      await end("SIGQUIT");
      await dispose();
    },
  });
  return self;
}

async function initialise(engine: Engine, data: string, fsync: boolean): Promise<void> {
  const user = unprivilegedUser();
  mkdirSync(data, { mode: 0o700 });
  giveAway(data, user);
  const options = ["-D", data, "-U", "postgres", "-A", "trust", "--locale=C", "--encoding=UTF8", "--no-sync"];
  await promisify(execFile)(engine.initdb, options, { ...user, cwd: data });
  appendFileSync(join(data, "postgresql.conf"), `${SETTINGS}fsync = ${fsync ? "on" : "off"}\n`);
}

/** Whether PostgreSQL answers; makes the extension if it is not there. */
async function prepare(port: number): Promise<boolean> {
  const client = new pg.Client({ host: "127.0.0.1", port, user: "postgres", connectionTimeoutMillis: 5_000 });
  client.on("error", () => {});
  try {
    await client.connect();
    await client.query("CREATE EXTENSION IF NOT EXISTS documentdb CASCADE");
    return true;
  } catch (error) {
    // Anything but "not yet" is a failure to be told.
    const code = (error as { code?: string }).code ?? "";
    if (/^(ECONN|57P|08)/.test(code) || /terminated|timeout/i.test((error as Error).message)) return false;
    throw error;
  } finally {
    await client.end().catch(() => {});
  }
}
