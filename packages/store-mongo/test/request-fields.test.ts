import { itKeepsEveryField } from "tooling/store-checks";
import { startMongo } from "tooling/test-servers";
import { afterAll } from "vitest";
import { MongoCheckpointStore } from "../src/index.ts";

const server = await startMongo();
const store = await MongoCheckpointStore.connect({ url: server.url, collectionPrefix: "fields_" });
afterAll(async () => {
  await store.close();
  await server.stop();
});

itKeepsEveryField(store);
