import { randomUUID } from "node:crypto";
import { isWorkflowError } from "@waymark/core";
import { MongoClient } from "mongodb";
import { newCheckpoint, newCommit, newExecution } from "tooling/store-fixtures";
import { startOwnMongo, startTcpProxy } from "tooling/test-servers";
import { afterAll, afterEach, expect, it } from "vitest";
import { MongoCheckpointStore, type MongoConnectOptions } from "../src/index.ts";

const server = await startOwnMongo();
const { port } = new URL(server.url);
const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
});
afterAll(() => server.stop());

async function open(options: Partial<MongoConnectOptions> = {}): Promise<MongoCheckpointStore> {
  const collectionPrefix = `f${randomUUID().slice(0, 8)}_`;
  const store = await MongoCheckpointStore.connect({ url: server.url, collectionPrefix, ...options });
  opened.push(store);
  return store;
}

async function openByProxy(timeoutMs: number) {
  const proxy = await startTcpProxy({ host: "127.0.0.1", port: Number(port) });
  opened.push(proxy);
  return { proxy, store: await open({ url: proxy.urlFor(server.url), timeoutMs }) };
}

/** Returns the fault of a call, as the caller sees it. */
async function faultOf(call: Promise<unknown>): Promise<unknown> {
  const error = await call.then(
    () => "no error",
    (thrown: unknown) => thrown,
  );
  return isWorkflowError(error) ? { code: error.code, ...error.details } : error;
}

it("a connection that is cut is replaced, and the commit under way takes effect once", async () => {
  const { proxy, store } = await openByProxy(10_000);
  const head = await store.createExecution(newExecution("e1"));
  proxy.cut();
  await store.commit("e1", newCommit(head));
  proxy.dropNextAnswer();
  await store.commit("e1", newCommit({ ...head, version: 1 }));
  expect(await store.getExecution("e1")).toMatchObject({ version: 2, seq: 2 });
});

it("a call on a silent network fails after timeoutMs, and the store works again when the network does", async () => {
  const { proxy, store } = await openByProxy(500);
  const head = await store.createExecution(newExecution("e1"));
  proxy.stall();
  const commit = newCommit(head);
  expect(await faultOf(store.commit("e1", commit))).toMatchObject({ code: "STORE_UNAVAILABLE", reason: "timeout" });
  proxy.resume();
  await expect.poll(() => faultOf(store.commit("e1", commit)), { timeout: 20_000 }).toBe("no error");
  expect(await store.getExecution("e1")).toMatchObject({ version: 1 });
});

it("a server that is away is reported within timeoutMs, and used again when it is back", async () => {
  const store = await open({ timeoutMs: 1_000 });
  const head = await store.createExecution(newExecution("e1"));
  await server.kill();
  const commit = newCommit(head);
  expect(await faultOf(store.commit("e1", commit))).toMatchObject({ code: "STORE_UNAVAILABLE" });
  expect(await faultOf(open({ timeoutMs: 1_000 }))).toMatchObject({ code: "STORE_UNAVAILABLE" });
  await server.restart();
  await expect.poll(() => faultOf(store.commit("e1", commit)), { timeout: 20_000 }).toBe("no error");
  expect(await store.getExecution("e1")).toMatchObject({ version: 1, seq: 1 });
});

it("closing a store leaves its borrowed client open", async () => {
  const client = await new MongoClient(server.url).connect();
  opened.push(client);
  const store = MongoCheckpointStore.from(client, { collectionPrefix: "borrowed_" });
  await store.createExecution(newExecution("e1"));
  await store.close();
  expect(await faultOf(store.getExecution("e1"))).toMatchObject({ code: "STORE_CLOSED" });
  expect(await client.db("waymark").collection("borrowed_executions").countDocuments()).toBe(2);
});

it("a deletion leaves only the mark that keeps its tokens from being used again", async () => {
  const client = await new MongoClient(server.url).connect();
  opened.push(client);
  const store = MongoCheckpointStore.from(client, { collectionPrefix: "deleted_" });
  const head = await store.createExecution(newExecution("e1"));
  await store.commit("e1", newCommit(head));
  await store.deleteExecutions([{ id: "e1", version: 1 }]);
  const left = await client.db("waymark").collection("deleted_executions").find().toArray();
  expect(left).toMatchObject([{ _id: "e1", token: head.token }]);
  expect(Number(left[0]?.forgetAt) - Date.now()).toBeLessThan(2 * 3_600_000);
});

it("the rest of a deletion that was cut off is removed when a store is opened", async () => {
  const client = await new MongoClient(server.url).connect();
  opened.push(client);
  const open = () => MongoCheckpointStore.from(client, { collectionPrefix: "cut_" });
  await open().createExecution(newExecution("e1"));
  const executions = client.db("waymark").collection<{ _id: string }>("cut_executions");
  const forgetAt = new Date("9999-01-01");
  const mark = {
    $set: { deletedBy: "call", sweepingSince: 1, forgetAt },
    $unset: { createdAt: "", id: "", version: "" },
  };
  await executions.updateOne({ _id: "e1" }, mark as never);
  await open().setup();
  expect(await executions.countDocuments()).toBe(1);
  expect(await executions.findOne({ _id: "e1" })).not.toHaveProperty("sweepingSince");
});

it("texts beside the payload that exceed a document are refused before they are sent", async () => {
  const store = await open();
  const head = await store.createExecution(newExecution("e1"));
  const { maxPayloadBytes } = store.capabilities;
  const payload = "x".repeat(maxPayloadBytes);
  await store.commit("e1", newCommit(head, { checkpoints: [newCheckpoint({ payload })] }));
  const tooMuch = newCheckpoint({ payload, error: { code: "X", message: "y".repeat(1_000_000) } });
  const refused = store.commit("e1", newCommit({ ...head, version: 1 }, { checkpoints: [newCheckpoint(), tooMuch] }));
  expect(await faultOf(refused)).toMatchObject({ code: "PAYLOAD_TOO_LARGE" });
  expect(await store.getExecution("e1")).toMatchObject({ version: 1 });
});

it.each([
  [{ url: "postgres://x" }, "url"],
  [{ url: "mongodb://" }, "url"],
  [{ url: "mongodb://h", dataBase: "x" }, "dataBase"],
  [{ url: "mongodb://h", database: "a.b" }, "database"],
  [{ url: "mongodb://h", collectionPrefix: "a$" }, "collectionPrefix"],
  [{ url: "mongodb://h", timeoutMs: 0 }, "timeoutMs"],
  [{ url: "mongodb://h", timeoutMs: 2 ** 31 }, "timeoutMs"],
  [{ url: "mongodb://h", timeoutms: undefined }, "timeoutms"],
  [{ url: "mongodb://h", clientOptions: [] }, "clientOptions"],
  [null, "options"],
  [{ url: undefined }, "url"],
  [{ url: "mongodb://h", endedTtlMs: 0 }, "endedTtlMs"],
  [{ url: "mongodb://h", endedTtlMs: 1.5 }, "endedTtlMs"],
])("the options %j are refused, and the error names the option", async (options, argument) => {
  const call = MongoCheckpointStore.connect(options as MongoConnectOptions);
  expect(await faultOf(call)).toMatchObject({ code: "INVALID_ARGUMENT", argument });
});

it("an option that is undefined counts as absent, also among the client's options", async () => {
  const absent = (...names: string[]) => Object.fromEntries(names.map((name) => [name, undefined]));
  const clientOptions = absent("appName", "serverSelectionTimeoutMS", "connectTimeoutMS", "readPreference", "tls");
  const options = absent("database", "createIndexes", "endedTtlMs", "timeoutMs");
  const store = await open({ ...options, clientOptions });
  await store.createExecution(newExecution("e1"));
  expect(await store.getExecution("e1")).toMatchObject({ id: "e1" });
});
