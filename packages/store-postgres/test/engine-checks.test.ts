import {
  itKeepsALimitedHistory,
  itPrunesByTheEnd,
  itRecoversAmongMany,
  itRunsSubWorkflows,
} from "tooling/store-checks";
import { startPostgres } from "tooling/test-servers";
import { afterAll, describe } from "vitest";
import { PostgresCheckpointStore } from "../src/index.ts";

const server = await startPostgres();
const options = { url: server.url };
const store = await PostgresCheckpointStore.connect(options);
afterAll(async () => {
  await store.close();
  await server.stop();
});

describe("PostgresCheckpointStore", () => {
  itPrunesByTheEnd(() => store);
  itKeepsALimitedHistory(() => store);
  itRunsSubWorkflows(() => store);
  itRecoversAmongMany(() => store, {
    module: new URL("../src/index.ts", import.meta.url).href,
    className: "PostgresCheckpointStore",
    options,
  });
});
