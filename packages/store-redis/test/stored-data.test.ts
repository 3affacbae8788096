import { Redis } from "ioredis";
import { describeStoredData, FORMATS, loadRedis } from "tooling/fixtures";
import { startOwnRedis } from "tooling/test-servers";
import { beforeAll, describe } from "vitest";
import { RedisCheckpointStore } from "../src/index.ts";

for (const format of FORMATS) {
  describe("on a server", () => {
    let store: RedisCheckpointStore;
    beforeAll(async () => {
      // Of its own: the keys have the prefix that every store has by default.
      const server = await startOwnRedis();
      const client = new Redis(server.url);
      await loadRedis(client, format);
      await client.quit();
      store = await RedisCheckpointStore.connect({ url: server.url });
      return async () => {
        await store.close();
        await server.stop();
      };
    });
    describeStoredData({ format, database: "redis", store: () => store });
  });
}
