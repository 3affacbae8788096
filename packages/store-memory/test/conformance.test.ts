import { describeCheckpointStore } from "@waymark/core/conformance";
import { MemoryCheckpointStore } from "@waymark/store-memory";
import { describe, it } from "vitest";

describeCheckpointStore(
  { describe, it },
  {
    name: "MemoryCheckpointStore",
    capabilities: MemoryCheckpointStore.capabilities,
    open: async () => {
      const store = new MemoryCheckpointStore();
      return { store, reopen: async () => store.reopen(), close: () => store.close() };
    },
  },
);
