import { randomUUID } from "node:crypto";
import { describeCheckpointStore } from "@waymark/core/conformance";
import { Redis } from "ioredis";
import { startRedis } from "tooling/test-servers";
import { afterAll, describe, it } from "vitest";
import { RedisCheckpointStore } from "../src/index.ts";

const server = await startRedis();
const admin = new Redis(server.url);
afterAll(async () => {
  admin.disconnect();
  await server.stop();
});

/** Makes all that an index of definitions holds look as if it had been saved earlier. */
async function age(index: string, ms: number): Promise<void> {
  for (const hash of await admin.zrange(index, "0", "-1")) await admin.zincrby(index, -ms, hash);
}

// How durable it is, a server that was given by its address decides.
const first = await RedisCheckpointStore.connect({ url: server.url });
const { capabilities } = first;
await first.close();

describe("on connections of its own", () => {
  describeCheckpointStore(
    { describe, it },
    {
      name: "RedisCheckpointStore",
      capabilities,
      agesDefinitions: true,
      open: async () => {
        const options = { url: server.url, keyPrefix: `waymark-test:${randomUUID()}:` };
        const store = await RedisCheckpointStore.connect(options);
        const ageDefinitions = (ms: number) => age(`${options.keyPrefix}{index}:definitions`, ms);
        return {
          store,
          reopen: () => RedisCheckpointStore.connect(options),
          ageDefinitions,
          close: () => store.close(),
        };
      },
    },
  );
});
