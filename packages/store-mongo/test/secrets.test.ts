import { randomUUID } from "node:crypto";
import { MongoClient } from "mongodb";
import { expectNoLeak } from "tooling/store-checks";
import { newCheckpoint, newCommit, newExecution } from "tooling/store-fixtures";
import { startOwnMongo, startTcpProxy } from "tooling/test-servers";
import { afterAll, afterEach, expect, it } from "vitest";
import { MongoCheckpointStore, type MongoConnectOptions } from "../src/index.ts";

const USER = "markeruser";
const PASSWORD = "markerpassword";
const PAYLOAD = "markerpayload";
const SECRETS = [USER, PASSWORD, PAYLOAD];

const server = await startOwnMongo();
const { host, port } = new URL(server.url);
const opened: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
});
afterAll(() => server.stop());

const leakOf = (call: Promise<unknown>) => expectNoLeak(call, SECRETS);
const connect = (options: MongoConnectOptions) => MongoCheckpointStore.connect({ timeoutMs: 2_000, ...options });

it.each([
  `mongodb://${USER}:${PASSWORD}@`,
  `mongodb://${USER}:${PASSWORD}@${host}:x`,
  `mongodb://${USER}:%zz${PASSWORD}@${host}`,
  `mongodb://${USER}:${PASSWORD}:${PASSWORD}@${host}`,
  `mongodb://${USER}:1/${PASSWORD}@${host}`,
  `mongodb://${PASSWORD}?${PASSWORD}@${host}`,
  `mongodb://${PASSWORD}#${PASSWORD}@${host}`,
  `mongodb+srv://${USER}:${PASSWORD}@${host}`,
  `mongodb://${host}/?authMechanism=${PASSWORD}`,
  `mongodb://${host}/?authMechanismProperties=${PASSWORD}`,
  `mongodb://${host}/?maxPoolSize=${PASSWORD}`,
  `mongodb://${USER}:${PASSWORD}@${host}/?unheardOf=${PASSWORD}`,
  `redis://${USER}:${PASSWORD}@${host}`,
])("an invalid address is not repeated (%#)", async (url) => {
  expect(await leakOf(connect({ url }))).toBe("INVALID_ARGUMENT");
});

it("an error about an unknown host repeats neither user nor password", async () => {
  expect(await leakOf(connect({ url: `mongodb://${USER}:${PASSWORD}@a b` }))).toBe("STORE_UNAVAILABLE");
});

it("an error about a refused login repeats neither user nor password", async () => {
  // The server of the tests knows no users: it refuses the command.
  expect(await leakOf(connect({ url: `mongodb://${USER}:${PASSWORD}@${host}` }))).toBe("STORE_UNAVAILABLE");
  expect(await leakOf(connect({ url: `mongodb://${USER}:${PASSWORD}@127.0.0.1:1` }))).toBe("STORE_UNAVAILABLE");
  const auth = { username: USER, password: PASSWORD };
  const options = { url: server.url, clientOptions: { auth, authMechanism: "PLAIN" as const } };
  expect(await leakOf(connect(options))).toBe("STORE_UNAVAILABLE");
});

it("no error of a call that fails repeats the payload", async () => {
  const proxy = await startTcpProxy({ host: "127.0.0.1", port: Number(port) });
  opened.push(proxy);
  const client = new MongoClient(proxy.urlFor(server.url));
  opened.push(client);
  const collectionPrefix = `s${randomUUID().slice(0, 8)}_`;
  const store = MongoCheckpointStore.from(client, { collectionPrefix, timeoutMs: 1_000 });
  const head = await store.createExecution(newExecution("e1"));
  const payload = `{"token":"${PAYLOAD}"}`;
  const commit = newCommit(head, { checkpoints: [newCheckpoint({ payload })] });
  expect(await leakOf(store.commit("e1", { ...commit, token: 1 }))).toBe("LEASE_LOST");
  const executions = client.db("waymark").collection<{ _id: string }>(`${collectionPrefix}executions`);
  await executions.updateOne({ _id: "e1" }, { $set: { tail: PAYLOAD, workflowId: 5 } } as never);
  expect(await leakOf(store.commit("e1", commit))).toBe("STATE_CORRUPT");
  proxy.stall();
  expect(await leakOf(store.saveDefinition("h", payload))).toBe("STORE_UNAVAILABLE");
  proxy.resume();
  proxy.cut();
  await proxy.close();
  expect(await leakOf(store.saveDefinition("h", payload))).toBe("STORE_UNAVAILABLE");
  await client.close();
  expect(await leakOf(store.saveDefinition("h", payload))).toBe("STORE_UNAVAILABLE");
});
