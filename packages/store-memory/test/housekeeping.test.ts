import { describe } from "vitest";
import { itKeepsALimitedHistory, itPrunesByTheEnd } from "../../../tooling/store-checks/index.ts";
import { MemoryCheckpointStore } from "../src/index.ts";

describe("MemoryCheckpointStore", () => {
  const store = new MemoryCheckpointStore();
  itPrunesByTheEnd(() => store);
  itKeepsALimitedHistory(() => store);
});
