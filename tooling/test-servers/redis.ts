import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { findProgram } from "./find-program.ts";
import { freePort } from "./free-port.ts";
import { type OwnTestServer, register, type TestServer, unregister } from "./registry.ts";
import { SupervisedProcess } from "./supervised-process.ts";

/** What a server of one's own can be told. */
export interface OwnRedisOptions {
  /**
   * Settings as for `redis-server --name value`.
   *
   * - Unless set here, every write is in the append-only file before it is answered (`appendfsync always`).
   */
  settings?: Record<string, string>;
  /** The server program. Default: the one that is found on this machine. */
  binary?: string;
  /** The folder that the data's folder is made in. Default: the system's temporary one. */
  parentFolder?: string;
}

/** A Redis that may be killed, and held up. */
export interface OwnRedis extends OwnTestServer {
  /** Stops its process where it is (SIGSTOP); what others send it waits in the system's buffers. */
  pause(): void;
  /** Ends {@link pause}. */
  resume(): void;
}

/**
 * A Redis for tests: the server of `REDIS_URL`, else a server of one's own.
 *
 * - The server of `REDIS_URL` is shared: tests keep apart by key prefixes, and remove nothing.
 */
export async function startRedis(): Promise<TestServer> {
  const url = process.env.REDIS_URL;
  if (url === undefined || url === "") return startOwnRedis();
  const version = await askVersion(url);
  if (version === undefined) throw new Error("REDIS_URL names a server that does not answer.");
  const self: TestServer = register({
    name: `${version} (REDIS_URL)`,
    url,
    stop: async () => unregister(self),
  });
  return self;
}

/** A Redis that may be killed and configured: a server of one's own, whatever `REDIS_URL` says. */
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
    // Before 7.0, Redis took what is one argument for one value; for a command's name it still does.
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

/** The nodes of a cluster talk on a second port, 10,000 above the first. */
async function portFor({ settings }: OwnRedisOptions): Promise<number> {
  const highest = settings?.["cluster-enabled"] === "yes" ? 55_535 : 65_535;
  for (let tries = 1; ; tries++) {
    const port = await freePort();
    if (port <= highest) return port;
    if (tries === 100) throw new Error(`No free port up to ${highest}.`);
  }
}

/** "Redis 7.0.15" of a server that has loaded its data; `undefined` where none answers. */
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

/** Runs `work` on a connection of its own, which fails rather than waits. */
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
