import { itSurvivesARestart } from "tooling/store-checks";
import { startOwnRedis } from "tooling/test-servers";
import { RedisCheckpointStore } from "../src/index.ts";

itSurvivesARestart({ start: startOwnRedis, connect: (url) => RedisCheckpointStore.connect({ url, timeoutMs: 500 }) });
