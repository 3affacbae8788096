import { randomUUID } from "node:crypto";
import { describeCheckpointStore } from "@waymark/core/conformance";
import { MongoClient } from "mongodb";
import { startMongo } from "tooling/test-servers";
import { afterAll, describe, it } from "vitest";
import { MongoCheckpointStore } from "../src/index.ts";
import { collectionNames } from "../src/schema.ts";

/** Declares the conformance suite for stores that are opened with `options`. */
export async function describeConformance(name: string, options: { endedTtlMs?: number } = {}): Promise<void> {
  const server = await startMongo();
  const client = await new MongoClient(server.url).connect();
  const cases = client.db("cases");
  afterAll(async () => {
    await client.close();
    await server.stop();
  });
  // Collections of cases that are over, emptied: to make new ones takes many times as long.
  const prefixes: string[] = [];
  describeCheckpointStore(
    { describe, it },
    {
      name,
      capabilities: MongoCheckpointStore.capabilities,
      agesDefinitions: true,
      open: async () => {
        const collectionPrefix = prefixes.pop() ?? `case_${randomUUID().slice(0, 8)}_`;
        const reopen = () =>
          MongoCheckpointStore.connect({ url: server.url, database: "cases", collectionPrefix, ...options });
        const definitions = cases.collection(collectionNames(collectionPrefix).definitions);
        const store = await reopen();
        return {
          store,
          reopen,
          ageDefinitions: async (ms) => {
            await definitions.updateMany({}, [{ $set: { savedAt: { $subtract: ["$savedAt", ms] } } }]);
          },
          close: async () => {
            await store.close();
            for (const name of Object.values(collectionNames(collectionPrefix)))
              await cases.collection(name).deleteMany({});
            prefixes.push(collectionPrefix);
          },
        };
      },
    },
  );
}
