import { randomUUID } from "node:crypto";
import { itRecoversAmongMany } from "tooling/store-checks";
import { startRedis } from "tooling/test-servers";
import { afterAll, describe } from "vitest";
import { RedisCheckpointStore } from "../src/index.ts";

const server = await startRedis();
const store = await RedisCheckpointStore.connect({ url: server.url, keyPrefix: `${randomUUID()}:` });
afterAll(async () => {
  await store.close();
  await server.stop();
});

describe("RedisCheckpointStore", () => {
  itRecoversAmongMany(() => store);
});
