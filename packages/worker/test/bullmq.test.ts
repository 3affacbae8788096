import { Queue } from "bullmq";
import { Redis } from "ioredis";
import { startOwnRedis } from "tooling/test-servers";
import { afterAll, expect } from "vitest";
import { describeDispatcher } from "./describe-dispatcher.ts";
import type { QueuePlace } from "./dispatcher-under-test.ts";

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
  hasten: deliverTickNow,
});

/** Delivers the tick that a queue keeps for the next full minute. That BullMQ keeps a job until its time is its own. */
async function deliverTickNow(place: QueuePlace): Promise<void> {
  if (place.kind !== "bullmq") throw new Error("This is no queue of BullMQ.");
  const queue = new Queue("waymark", { connection: { url: place.url }, prefix: place.prefix });
  try {
    const [tick] = await queue.getDelayed();
    expect(((tick?.timestamp ?? 0) + (tick?.delay ?? 0)) % 60_000).toBe(0);
    // Nothing is there if the minute has turned meanwhile: the queue delivers it by itself.
    await tick?.promote().catch(() => undefined);
  } finally {
    await queue.close();
  }
}
