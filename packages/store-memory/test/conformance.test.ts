import { describeCheckpointStore } from "@waymark/core/conformance";
import { MemoryCheckpointStore } from "@waymark/store-memory";
import { describe, it } from "vitest";

// Read when the module is loaded: cases set the caller's clock wrong, which must not affect the store's clock.
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
