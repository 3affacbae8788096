import { randomUUID } from "node:crypto";
import { describeCheckpointStore } from "@waymark/core/conformance";
import { startRedisCluster } from "tooling/test-servers";
import { afterAll, describe, it } from "vitest";
import { RedisCheckpointStore } from "../src/index.ts";

const cluster = await startRedisCluster();
afterAll(() => cluster.stop());

describe("on a cluster of three nodes", () => {
  describeCheckpointStore(
    { describe, it },
    {
      name: "RedisCheckpointStore",
      capabilities: RedisCheckpointStore.capabilities,
      open: async () => {
        const options = { cluster: [...cluster.addresses], keyPrefix: `${randomUUID()}:` };
        const store = await RedisCheckpointStore.connect(options);
        return { store, reopen: () => RedisCheckpointStore.connect(options), close: () => store.close() };
      },
    },
  );
});
