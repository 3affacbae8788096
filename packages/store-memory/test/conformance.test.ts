import { describeCheckpointStore } from "@waymark/core/conformance";
import { MemoryCheckpointStore } from "@waymark/store-memory";
import { describe, it } from "vitest";

// Taken once: cases set the caller's clock wrong, and the store's must not follow.
const systemNow = Date.now;

describeCheckpointStore(
  { describe, it },
  {
    name: "MemoryCheckpointStore",
    capabilities: MemoryCheckpointStore.capabilities,
    agesDefinitions: true,
    open: async () => {
      let aheadMs = 0;
      const store = new MemoryCheckpointStore({ clock: { now: () => systemNow() + aheadMs } });
      return {
        store,
        reopen: async () => store.reopen(),
        ageDefinitions: async (ms) => {
          aheadMs += ms;
        },
        close: () => store.close(),
      };
    },
  },
);
