import { randomUUID } from "node:crypto";
import {
  itKeepsALimitedHistory,
  itPrunesByTheEnd,
  itRecoversAmongMany,
  itRunsSubWorkflows,
} from "tooling/store-checks";
import { startRedis } from "tooling/test-servers";
import { afterAll, describe } from "vitest";
import { RedisCheckpointStore } from "../src/index.ts";

const server = await startRedis();
const options = { url: server.url, keyPrefix: `${randomUUID()}:` };
const store = await RedisCheckpointStore.connect(options);
afterAll(async () => {
  await store.close();
  await server.stop();
});

describe("RedisCheckpointStore", () => {
  itPrunesByTheEnd(() => store);
  itKeepsALimitedHistory(() => store);
  itRunsSubWorkflows(() => store);
  itRecoversAmongMany(() => store, {
    module: new URL("../src/index.ts", import.meta.url).href,
    className: "RedisCheckpointStore",
    options,
  });
});
