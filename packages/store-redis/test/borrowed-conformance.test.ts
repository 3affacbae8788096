import { randomUUID } from "node:crypto";
import { describeCheckpointStore } from "@waymark/core/conformance";
import { Redis } from "ioredis";
import { startRedis } from "tooling/test-servers";
import { afterAll, describe, it } from "vitest";
import { RedisCheckpointStore } from "../src/index.ts";

const server = await startRedis();
afterAll(() => server.stop());

// How durable it is, a server that was given by its address decides.
const first = await RedisCheckpointStore.connect({ url: server.url });
const { capabilities } = first;
await first.close();

describe("on an application's client, which has a prefix and other replies", () => {
  describeCheckpointStore(
    { describe, it },
    {
      name: "RedisCheckpointStore",
      capabilities: { ...capabilities, maxPayloadBytes: 1024 * 1024 },
      open: async () => {
        const keyPrefix = `app*:${randomUUID()}:`;
        const clients: Redis[] = [];
        const open = async () => {
          const client = new Redis(server.url, { keyPrefix, stringNumbers: true, replyMapping: "resp3" });
          clients.push(client);
          const store = RedisCheckpointStore.from(client, { keyPrefix: "", maxPayloadBytes: 1024 * 1024 });
          await store.setup();
          return store;
        };
        const store = await open();
        const close = async () => {
          await store.close();
          for (const client of clients) client.disconnect();
        };
        return { store, reopen: open, close };
      },
    },
  );
});
