import { randomUUID } from "node:crypto";
import { describeCheckpointStore } from "@waymark/core/conformance";
import { startMongo } from "tooling/test-servers";
import { afterAll, describe, it } from "vitest";
import { MongoCheckpointStore } from "../src/index.ts";

const server = await startMongo();
afterAll(() => server.stop());

for (const options of [{}, { endedTtlMs: 3_600_000 }]) {
  describeCheckpointStore(
    { describe, it },
    {
      name: "endedTtlMs" in options ? "MongoCheckpointStore with endedTtlMs" : "MongoCheckpointStore",
      capabilities: MongoCheckpointStore.capabilities,
      open: async () => {
        const collectionPrefix = `case_${randomUUID().slice(0, 8)}_`;
        const reopen = () => MongoCheckpointStore.connect({ url: server.url, collectionPrefix, ...options });
        const store = await reopen();
        return { store, reopen, close: () => store.close() };
      },
    },
  );
}
