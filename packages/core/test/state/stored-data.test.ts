import { beforeAll, describe } from "vitest";
import { describeStoredData, FORMATS, replayRecords } from "../../../../tooling/fixtures/index.ts";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";

// What the formats' records mean, apart from what databases make of them.
for (const format of FORMATS) {
  describe("in memory", () => {
    const store = new MemoryCheckpointStore();
    beforeAll(() => replayRecords(store, format));
    describeStoredData({ format, store: () => store });
  });
}
