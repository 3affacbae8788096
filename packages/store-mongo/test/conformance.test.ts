import { randomUUID } from "node:crypto";
import { describeCheckpointStore } from "@waymark/core/conformance";
import { startMongo } from "tooling/test-servers";
import { afterAll, describe, it } from "vitest";
import { MongoCheckpointStore } from "../src/index.ts";

const server = await startMongo();
afterAll(() => server.stop());

describeCheckpointStore(
  { describe, it },
  {
    name: "MongoCheckpointStore",
    capabilities: MongoCheckpointStore.capabilities,
    open: async () => {
      const options = { url: server.url, collectionPrefix: `case_${randomUUID().slice(0, 8)}_` };
      const store = await MongoCheckpointStore.connect(options);
      return { store, reopen: () => MongoCheckpointStore.connect(options), close: () => store.close() };
    },
  },
);
