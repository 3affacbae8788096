import { Redis } from "ioredis";
import { startOwnRedis } from "tooling/test-servers";
import { afterAll } from "vitest";
import { describeDispatcher } from "./describe-dispatcher.ts";

const server = await startOwnRedis();
const client = new Redis(server.url);
afterAll(async () => {
  client.disconnect();
  await server.stop();
});

let places = 0;

describeDispatcher({
  name: "bullmqDispatcher",
  place: async () => ({ kind: "bullmq", url: server.url, prefix: `queue-${++places}` }),
  lose: async () => void (await client.flushall()),
  hasTenants: false,
  redeliverAfterMs: 6_000,
});
