import { itKeepsALimitedHistory, itPrunesByTheEnd } from "tooling/store-checks";
import { afterAll, describe } from "vitest";
import { PostgresCheckpointStore } from "../src/index.ts";

const store = await PostgresCheckpointStore.connect({ dataDir: "memory://" });
afterAll(() => store.close());

describe("PostgresCheckpointStore on PGlite", () => {
  itPrunesByTheEnd(() => store);
  itKeepsALimitedHistory(() => store);
});
