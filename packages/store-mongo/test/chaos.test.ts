import { itSurvivesChaos } from "tooling/store-checks";
import { startOwnMongo } from "tooling/test-servers";
import { afterAll } from "vitest";
import { MongoCheckpointStore } from "../src/index.ts";

const module = new URL("../src/index.ts", import.meta.url).href;
const server = await startOwnMongo();
afterAll(() => server.stop());

itSurvivesChaos({
  addressOf: (name) => ({
    module,
    className: "MongoCheckpointStore",
    options: { url: server.url, collectionPrefix: `${name}_` },
  }),
  open: ({ options }) => MongoCheckpointStore.connect({ url: server.url, ...options }),
});
