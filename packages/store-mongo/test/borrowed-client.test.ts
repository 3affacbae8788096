import { randomUUID } from "node:crypto";
import { MongoClient, type MongoClientOptions } from "mongodb";
import { newCommit, newExecution } from "tooling/store-fixtures";
import { startMongo } from "tooling/test-servers";
import { afterAll, afterEach, expect, it } from "vitest";
import { MongoCheckpointStore } from "../src/index.ts";

const server = await startMongo();
const opened: MongoClient[] = [];
afterEach(async () => {
  for (const client of opened.splice(0)) await client.close();
});
afterAll(() => server.stop());

function newClient(options: MongoClientOptions = {}): MongoClient {
  const client = new MongoClient(server.url, options);
  opened.push(client);
  return client;
}

const from = (client: MongoClient) =>
  MongoCheckpointStore.from(client, { collectionPrefix: `b${randomUUID().slice(0, 8)}_` });

it("a client that was closed and has connected again works again", async () => {
  const client = newClient();
  const store = from(client);
  const head = await store.createExecution(newExecution("e1"));
  for (let times = 0; times < 2; times++) {
    await client.close();
    await expect(store.getExecution("e1")).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    await client.connect();
    expect(await store.getExecution("e1")).toEqual({ ...head, readAt: expect.any(Number) });
  }
  await store.commit("e1", newCommit(head));
  await store.close();
  await expect(store.getExecution("e1")).rejects.toMatchObject({ code: "STORE_CLOSED" });
});

it("every command goes to the primary even if the client prefers secondaries", async () => {
  // What the driver looks for a server by, call by call.
  const preferences: { operation: string; mode: string }[] = [];
  const client = newClient({
    readPreference: "secondary",
    readConcernLevel: "local",
    mongodbLogPath: {
      write: (log) => {
        if (log.message !== "Server selection started") return;
        const selector = log.selector as { mode?: string } | string;
        preferences.push({
          operation: String(log.operation),
          mode: typeof selector === "string" ? selector : String(selector.mode),
        });
      },
    },
    mongodbLogComponentSeverities: { serverSelection: "debug" },
  } as MongoClientOptions);
  const store = from(client);
  const head = await store.createExecution(newExecution("e1"));
  await store.commit("e1", newCommit(head, { head: { status: "failed" } }));
  await store.claimExecution("e1", { claimId: "c1", owner: "o", leaseMs: 0, from: ["failed"] });
  await store.readCheckpoints("e1");
  for (const options of [{}, { due: true }, { status: "running" as const }]) await store.listExecutions(options);
  await store.saveDefinition("h", "{}");
  await store.getDefinition("h");
  await store.deleteExecutions([{ id: "e1" }]);
  const own = preferences.splice(0);
  expect(own.length).toBeGreaterThan(10);
  expect(own.filter(({ mode }) => /secondary/i.test(mode))).toEqual([]);
  await client.db().collection("own").findOne();
  expect(preferences.filter(({ mode }) => /secondary/i.test(mode))).toHaveLength(1);
});
