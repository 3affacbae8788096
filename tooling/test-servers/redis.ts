import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { findProgram } from "./find-program.ts";
import { freePort } from "./free-port.ts";
import { type OwnTestServer, register, type TestServer, unregister } from "./registry.ts";
import { SupervisedProcess } from "./supervised-process.ts";

/** The options of {@link startOwnRedis}. */
export interface OwnRedisOptions {
  /**
   * Settings, as in `redis-server --name value`.
   *
   * - By default, every write is in the append-only file before it is answered (`appendfsync always`).
   */
  settings?: Record<string, string>;
  /** The path of the server program. Default: the one that {@link findProgram} finds. */
  binary?: string;
  /** The folder in which the data folder is created. Default: the system's temporary folder. */
  parentFolder?: string;
}

/** A Redis server that a test may kill and pause. */
export interface OwnRedis extends OwnTestServer {
  /** Stops its process (SIGSTOP). Data that clients send stays in the system's buffers. */
  pause(): void;
  /** Ends a {@link pause}. */
  resume(): void;
}

/**
 * Returns a Redis server for tests: the server of `REDIS_URL`, otherwise a new one.
 *
 * - The server of `REDIS_URL` is shared. Tests separate their data by key prefixes, and remove nothing.
 */
export async function startRedis(): Promise<TestServer> {
  const url = process.env.REDIS_URL;
  if (url === undefined || url === "") return startOwnRedis();
  const version = await askVersion(url);
  if (version === undefined) throw new Error("The server of REDIS_URL does not answer.");
  const self: TestServer = register({
    name: `${version} (REDIS_URL)`,
    url,
    stop: async () => unregister(self),
  });
  return self;
}

/** Starts a Redis server that a test may kill and configure, even if `REDIS_URL` is set. */
export async function startOwnRedis(options: OwnRedisOptions = {}): Promise<OwnRedis> {
  const command = options.binary ?? (await findProgram("redis"));
  const folder = mkdtempSync(join(options.parentFolder ?? tmpdir(), "waymark-redis-"));
  const port = await portFor(options);
  const settings: Record<string, string> = {
    port: String(port),
    bind: "127.0.0.1",
    dir: folder,
    save: "",
    appendonly: "yes",
    appendfsync: "always",
    "repl-diskless-sync-delay": "0",
    ...options.settings,
  };
  const args = Object.entries(settings).flatMap(([name, value]) => [
    `--${name}`,
    // These settings have two values, which need an argument each: before Redis 7.0 one argument is always one value,
    // and for rename-command it still is.
    ...(name === "replicaof" || name === "rename-command" ? value.split(" ") : [value]),
  ]);
  const server = new SupervisedProcess(folder, { command, args });
  const password = settings.requirepass;
  const url = `redis://${password === undefined ? "" : `:${password}@`}127.0.0.1:${port}`;
  let version = "";
  const isReady = async () => {
    version = (await askVersion(url)) ?? "";
    return version !== "";
  };
  try {
    await server.start(isReady);
  } catch (error) {
    await server.dispose();
    throw new Error("The Redis server for the tests did not start.", { cause: error });
  }
  const self: OwnRedis = register({
    name: `${version} (${command})`,
    url,
    kill: () => server.end("SIGKILL"),
    restart: async () => {
      if (server.isRunning) await server.end("SIGKILL");
      await server.start(isReady);
    },
    pause: () => void process.kill(server.pid, "SIGSTOP"),
    resume: () => void process.kill(server.pid, "SIGCONT"),
    stop: async () => {
      unregister(self);
      await server.dispose();
    },
  });
  return self;
}

/** Finds a free port. The nodes of a cluster use a second port, 10,000 above the first. */
async function portFor({ settings }: OwnRedisOptions): Promise<number> {
  const highest = settings?.["cluster-enabled"] === "yes" ? 55_535 : 65_535;
  for (let tries = 1; ; tries++) {
    const port = await freePort();
    if (port <= highest) return port;
    if (tries === 100) throw new Error(`No free port up to ${highest}.`);
  }
}

/** Returns a name such as "Redis 7.0.15" once the server has loaded its data; `undefined` if no server answers. */
async function askVersion(url: string): Promise<string | undefined> {
  try {
    return await withRedis(url, async (client) => {
      const info = await client.info();
      if (/^loading:1/m.test(info)) return undefined;
      const valkey = /^valkey_version:(\S+)/m.exec(info)?.[1];
      return valkey === undefined ? `Redis ${/^redis_version:(\S+)/m.exec(info)?.[1]}` : `Valkey ${valkey}`;
    });
  } catch {
    return undefined;
  }
}

/** Runs `work` on a new connection, which fails instead of waiting for a server. */
export async function withRedis<T>(url: string, work: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis(url, {
    lazyConnect: true,
    retryStrategy: () => null,
    connectTimeout: 5_000,
    enableReadyCheck: false,
  });
  client.on("error", () => {});
  try {
    await client.connect();
    return await work(client);
  } finally {
    client.disconnect();
  }
}
