import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findProgram } from "./find-program.ts";
import { freePort } from "./free-port.ts";
import { type OwnRedisOptions, withRedis } from "./redis.ts";
import { type RedisPair, startRedisPair, until } from "./redis-topology.ts";
import { register, type TestServer, unregister } from "./registry.ts";
import { SupervisedProcess } from "./supervised-process.ts";

/** A primary, its replica, and a Sentinel that promotes the replica when the primary is down. */
export interface RedisSentinel extends Pick<RedisPair, "primary" | "replica"> {
  /** The options for a client: the address of the Sentinel, and the name by which it knows the primary. */
  readonly client: { sentinels: { host: string; port: number }[]; name: string };
  /** Returns the port of the server that the Sentinel reports as the primary. */
  primaryPort(): Promise<number>;
  /** Ends only the Sentinel. */
  stopSentinel(): Promise<void>;
  stop(): Promise<void>;
}

const NAME = "waymark";
const HOST = "127.0.0.1";

/** Starts the servers. The Sentinel decides alone (quorum 1), half a second after the primary stops answering. */
export async function startRedisSentinel(options: OwnRedisOptions = {}): Promise<RedisSentinel> {
  const { primary, replica, stop } = await startRedisPair(options);
  try {
    const port = await freePort();
    const sentinel = await startSentinel(port, Number(new URL(primary.url).port));
    await until("the Sentinel knows a replica that has caught up", async () => {
      const [first] = (await ask(sentinel.url, "replicas")) as string[][];
      return (
        first !== undefined && fieldOf(first, "master-link-status") === "ok" && fieldOf(first, "flags") === "slave"
      );
    });
    return {
      primary,
      replica,
      client: { sentinels: [{ host: HOST, port }], name: NAME },
      primaryPort: async () => Number(((await ask(sentinel.url, "get-master-addr-by-name")) as string[])[1]),
      stopSentinel: () => sentinel.stop(),
      stop: async () => {
        await sentinel.stop();
        await stop();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startSentinel(port: number, primaryPort: number): Promise<TestServer> {
  const folder = mkdtempSync(join(tmpdir(), "waymark-sentinel-"));
  const file = join(folder, "sentinel.conf");
  // The Sentinel writes its findings into this file.
  const lines = [
    ...[`port ${port}`, `bind ${HOST}`, `dir ${folder}`, `sentinel announce-ip ${HOST}`],
    `sentinel monitor ${NAME} ${HOST} ${primaryPort} 1`,
    `sentinel down-after-milliseconds ${NAME} 500`,
    // If no replica can be promoted, it tries again after twice this time.
    `sentinel failover-timeout ${NAME} 1000`,
  ];
  writeFileSync(file, `${lines.join("\n")}\n`);
  const command = await findProgram("redis");
  const server = new SupervisedProcess(folder, { command, args: [file, "--sentinel"] });
  const url = `redis://${HOST}:${port}`;
  try {
    await server.start(() => ask(url, "replicas").then(Array.isArray, () => false));
  } catch (error) {
    await server.dispose();
    throw new Error("The Sentinel for the tests did not start.", { cause: error });
  }
  const self: TestServer = register({
    name: `Sentinel (${command})`,
    url,
    stop: async () => {
      unregister(self);
      await server.dispose();
    },
  });
  return self;
}

function ask(url: string, question: string): Promise<unknown> {
  return withRedis(url, (client) => client.call("sentinel", question, NAME));
}

/** Returns a field of a Sentinel's description of a server, in which names and values alternate. */
function fieldOf(flat: readonly string[], name: string): string | undefined {
  return flat[flat.indexOf(name) + 1];
}
