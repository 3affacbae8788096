// Compares a commit on Redis with an RPUSH of the same row by bare ioredis on one connection.
//
//   node redis-commit.ts            uses the server of REDIS_URL; without it, starts a server with appendfsync always
import { randomUUID } from "node:crypto";
import { RedisCheckpointStore } from "@waymark/store-redis";
import { Redis } from "ioredis";
import { startRedis } from "tooling/test-servers";
import { type Floor, measureCommits } from "./commit-cost.ts";

const ROUNDS = 20;

const server = await startRedis();
const client = new Redis(server.url);
const keyPrefix = `waymark-benchmark:${randomUUID()}:`;
const store = await RedisCheckpointStore.connect({ url: server.url, keyPrefix });
console.log(`durable: ${store.capabilities.durable}`);

const floor: Floor = {
  name: "RPUSH",
  write: ({ payload, ...header }, _seq, step) =>
    client.rpush(`${keyPrefix}plain:${step}`, `${JSON.stringify(header)}\n${payload}`),
};
await measureCommits(store, floor, ROUNDS);

await store.close();
client.disconnect();
await server.stop();
