import {
  itKeepsALimitedHistory,
  itPrunesByTheEnd,
  itRecoversAmongMany,
  itRunsSubWorkflows,
} from "tooling/store-checks";
import { startMongo } from "tooling/test-servers";
import { afterAll, describe } from "vitest";
import { MongoCheckpointStore } from "../src/index.ts";

const server = await startMongo();
const options = { url: server.url, collectionPrefix: "engine_checks_" };
const store = await MongoCheckpointStore.connect(options);
afterAll(async () => {
  await store.close();
  await server.stop();
});

describe("MongoCheckpointStore", () => {
  itPrunesByTheEnd(() => store);
  itKeepsALimitedHistory(() => store);
  itRunsSubWorkflows(() => store);
  itRecoversAmongMany(() => store, {
    module: new URL("../src/index.ts", import.meta.url).href,
    className: "MongoCheckpointStore",
    options,
  });
});
