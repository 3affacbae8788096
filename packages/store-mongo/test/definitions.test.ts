import { randomUUID } from "node:crypto";
import { MongoClient } from "mongodb";
import { newExecution } from "tooling/store-fixtures";
import { startMongo } from "tooling/test-servers";
import { afterAll, expect, it } from "vitest";
import { MongoCheckpointStore } from "../src/index.ts";

const server = await startMongo();
const client = await new MongoClient(server.url).connect();
afterAll(async () => {
  await client.close();
  await server.stop();
});

const OLDER = { olderThanMs: 600_000 };

function newStore() {
  const collectionPrefix = `d${randomUUID().slice(0, 8)}_`;
  const open = (by = client) => MongoCheckpointStore.from(by, { database: "waymark", collectionPrefix });
  const definitions = client.db("waymark").collection<{ _id: string }>(`${collectionPrefix}definitions`);
  const age = () => definitions.updateMany({}, [{ $set: { savedAt: { $subtract: ["$savedAt", 600_000] } } }]);
  return { store: open(), open, age, definitions };
}

/** The client, but that something is done before each command that deletes. */
function interrupted(interrupt: () => Promise<void>): MongoClient {
  const db = client.db("waymark");
  const command = async (document: object, options: object) => {
    if ("delete" in document) await interrupt();
    return db.command(document, options);
  };
  const collection = (name: string) => db.collection(name);
  return { options: client.options, db: () => ({ command, collection }) } as unknown as MongoClient;
}

it("a definition that is saved again after it was found unused is kept", async () => {
  const { store, open, age } = newStore();
  for (const hash of ["used-next", "unused"]) await store.saveDefinition(hash, "{}");
  await age();
  const deleter = open(interrupted(() => store.saveDefinition("used-next", "{}")));
  expect(await deleter.deleteUnusedDefinitions(OLDER)).toBe(1);
  expect([await store.getDefinition("used-next"), await store.getDefinition("unused")]).toEqual(["{}", undefined]);
});

it("unused definitions are found among many that executions name", async () => {
  const { store, age, definitions } = newStore();
  for (let n = 0; n < 50; n++) await store.saveDefinition(`h${n}`, "{}");
  for (let n = 0; n < 50; n += 2) await store.createExecution(newExecution(`e${n}`, { definitionHash: `h${n}` }));
  await age();
  expect(await store.deleteUnusedDefinitions(OLDER)).toBe(25);
  const left = (await definitions.find().toArray()).map(({ _id }) => Number(_id.slice(1)));
  expect(left.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 25 }, (_, n) => 2 * n));
  await store.deleteExecutions([{ id: "e0" }]);
  expect(await store.deleteUnusedDefinitions(OLDER)).toBe(1);
});
