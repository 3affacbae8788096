import { itSurvivesChaos } from "tooling/store-checks";
import { startOwnRedis } from "tooling/test-servers";
import { afterAll } from "vitest";
import { RedisCheckpointStore } from "../src/index.ts";

const module = new URL("../src/index.ts", import.meta.url).href;
const server = await startOwnRedis();
afterAll(() => server.stop());

itSurvivesChaos({
  addressOf: (name) => ({
    module,
    className: "RedisCheckpointStore",
    options: { url: server.url, keyPrefix: `${name}:` },
  }),
  open: ({ options }) => RedisCheckpointStore.connect(options),
});
