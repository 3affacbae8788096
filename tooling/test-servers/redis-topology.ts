import { setTimeout as sleep } from "node:timers/promises";
import { type OwnRedis, type OwnRedisOptions, startOwnRedis, withRedis } from "./redis.ts";

/** Three servers that share the slots of a Redis Cluster. */
export interface RedisCluster {
  readonly nodes: readonly OwnRedis[];
  /** The addresses for a client. */
  readonly addresses: readonly { host: string; port: number }[];
  stop(): Promise<void>;
}

/** A primary and its replica. */
export interface RedisPair {
  readonly primary: OwnRedis;
  readonly replica: OwnRedis;
  /** Makes the replica a primary. */
  promote(): Promise<void>;
  stop(): Promise<void>;
}

const SLOTS = 16_384;
const DEADLINE_MS = 30_000;

/** Starts a Redis Cluster of three nodes, without replicas. */
export async function startRedisCluster(options: OwnRedisOptions = {}): Promise<RedisCluster> {
  const settings = { "cluster-enabled": "yes", "cluster-node-timeout": "2000", ...options.settings };
  const nodes = await startAll([1, 2, 3].map(() => () => startOwnRedis({ ...options, settings })));
  const stop = async () => {
    await Promise.all(nodes.map((node) => node.stop()));
  };
  const addresses = nodes.map(({ url }) => ({ host: "127.0.0.1", port: Number(new URL(url).port) }));
  try {
    const share = Math.ceil(SLOTS / nodes.length);
    await Promise.all(
      nodes.map(({ url }, index) =>
        withRedis(url, async (client) => {
          const last = Math.min(SLOTS, (index + 1) * share) - 1;
          await client.call("cluster", "addslotsrange", String(index * share), String(last));
          await client.call("cluster", "set-config-epoch", String(index + 1));
        }),
      ),
    );
    for (const { host, port } of addresses.slice(1)) {
      await withRedis((nodes[0] as OwnRedis).url, (client) => client.call("cluster", "meet", host, String(port)));
    }
    await until("the cluster is up", async () => {
      const states = await Promise.all(nodes.map(({ url }) => withRedis(url, clusterInfo)));
      return states.every((info) => info.includes("cluster_state:ok") && info.includes("cluster_known_nodes:3"));
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return { nodes, addresses, stop };
}

/** Starts a primary with one replica, and waits until the replica has caught up. */
export async function startRedisPair(options: OwnRedisOptions = {}): Promise<RedisPair> {
  const primary = await startOwnRedis(options);
  const { hostname, port } = new URL(primary.url);
  const replica = await startOwnRedis({
    ...options,
    settings: { ...options.settings, replicaof: `${hostname} ${port}` },
  });
  // Asks both, because the primary counts a replica only some time after the replica has loaded the data.
  await until("the replica has caught up", async () => {
    const replication = (url: string) => withRedis(url, (client) => client.info("replication"));
    return (
      (await replication(replica.url)).includes("master_link_status:up") &&
      (await replication(primary.url)).includes("state=online")
    );
  });
  return {
    primary,
    replica,
    promote: () => withRedis(replica.url, async (client) => void (await client.call("replicaof", "no", "one"))),
    stop: async () => {
      await Promise.all([primary.stop(), replica.stop()]);
    },
  };
}

/** Starts all servers. If one fails, stops the others. */
async function startAll(starts: (() => Promise<OwnRedis>)[]): Promise<OwnRedis[]> {
  const results = await Promise.allSettled(starts.map((start) => start()));
  const started = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  const failed = results.find((result) => result.status === "rejected");
  if (failed === undefined) return started;
  await Promise.all(started.map((server) => server.stop()));
  throw failed.reason;
}

async function clusterInfo(client: { cluster(subcommand: "INFO"): Promise<string> }): Promise<string> {
  return client.cluster("INFO");
}

/** Waits until a condition holds, for up to half a minute. */
export async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + DEADLINE_MS;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`Not true after ${DEADLINE_MS / 1000} s: ${what}.`);
    await sleep(50);
  }
}
