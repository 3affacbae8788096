import type { CheckpointStore } from "@waymark/core";
import { type OwnTestServer, startOwnPostgres, startOwnRedis } from "../../test-servers/index.ts";
import { withRedis } from "../../test-servers/redis.ts";
import type { StoreAddress } from "../plan.ts";
import { serverStore } from "../server-stores.ts";
import type { QueueAddress } from "./swarm-plan.ts";

/** The queues that a swarm can have; `none`: the workers look into the store. */
export const QUEUES = ["pg-boss", "bullmq", "none"] as const;

/** The servers of a swarm. */
export interface SwarmServers {
  address: StoreAddress;
  open: () => Promise<CheckpointStore>;
  queue?: QueueAddress;
  /** Loses what can be lost: flushes the queue in Redis, and restarts the store's server. */
  halfway: () => Promise<void>;
  stop: () => Promise<void>;
}

/**
 * Starts the servers of a swarm. Its store is `postgres`, `redis` or `mongo`. pg-boss is on the store's PostgreSQL; BullMQ
 * has a Redis of its own.
 */
export async function startSwarmServers(queue: (typeof QUEUES)[number], storeName = "postgres"): Promise<SwarmServers> {
  if (queue === "pg-boss" && storeName !== "postgres") throw new Error("pg-boss needs the store postgres.");
  const store = await serverStore(storeName);
  const server =
    storeName === "postgres" ? await startOwnPostgres({ settings: { max_connections: "200" } }) : await store.start();
  const redis = queue === "bullmq" ? await startOwnRedis() : undefined;
  await (await store.open(server, "swarm")).close();
  const address = queueAddress(queue, redis ?? server);
  return {
    address: store.addressOf(server, "swarm"),
    open: () => store.open(server, "swarm"),
    ...(address === undefined ? {} : { queue: address }),
    halfway: async () => {
      if (redis !== undefined) await withRedis(redis.url, (client) => client.flushall());
      await server.restart();
    },
    stop: async () => {
      await redis?.stop();
      await server.stop();
    },
  };
}

function queueAddress(queue: (typeof QUEUES)[number], { url }: OwnTestServer): QueueAddress | undefined {
  const moduleOf = (name: string) => new URL(`../../../packages/worker/src/${name}/index.ts`, import.meta.url).href;
  if (queue === "pg-boss") {
    return { module: moduleOf("pg-boss"), factory: "pgBossDispatcher", options: { url, redeliverAfterMs: 20_000 } };
  }
  if (queue === "none") return undefined;
  const options = { connection: { url }, redeliverAfterMs: 4_000 };
  return { module: moduleOf("bullmq"), factory: "bullmqDispatcher", options };
}
