import type { Queue } from "bullmq";

const COMMAND = "waymark-time";

/**
 * Returns the present time by the clock of Redis, in milliseconds since the epoch.
 *
 * - In a cluster, it is that of the node that has the queue.
 */
export async function redisTime(queue: Queue): Promise<number> {
  const client = await queue.getBackend().client;
  client.defineCommand(COMMAND, { numberOfKeys: 1, lua: "return redis.call('TIME')" });
  const [seconds, microseconds] = (await client.runCommand(COMMAND, [queue.keys.meta])) as [string, string];
  return Number(seconds) * 1_000 + Math.floor(Number(microseconds) / 1_000);
}
