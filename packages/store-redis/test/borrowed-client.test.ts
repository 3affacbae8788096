import { randomUUID } from "node:crypto";
import { Redis } from "ioredis";
import { newCommit, newExecution } from "tooling/store-fixtures";
import { startOwnRedis } from "tooling/test-servers";
import { afterAll, afterEach, expect, it } from "vitest";
import { RedisCheckpointStore } from "../src/index.ts";
import { faultOf, unavailable } from "./fault-of.ts";

const server = await startOwnRedis({ settings: { appendonly: "no" } });
const opened: Redis[] = [];
const warnings: Error[] = [];
const onWarning = (warning: Error) => warnings.push(warning);
process.on("warning", onWarning);
afterEach(() => {
  for (const client of opened.splice(0)) client.disconnect();
});
afterAll(async () => {
  process.off("warning", onWarning);
  await server.stop();
});

function newClient(options: { lazyConnect?: boolean } = {}): Redis {
  const client = new Redis(server.url, { ...options, enableOfflineQueue: false });
  client.on("error", () => {});
  opened.push(client);
  return client;
}

const from = (client: Redis, keyPrefix = `${randomUUID()}:`) => RedisCheckpointStore.from(client, { keyPrefix });

it("many calls of many stores wait for one client with one listener, and remove it", async () => {
  const client = newClient({ lazyConnect: true });
  const before = client.listenerCount("ready") + client.listenerCount("end");
  const stores = Array.from({ length: 15 }, () => from(client));
  const calls = stores.flatMap((store) => Array.from({ length: 5 }, (_, n) => store.getExecution(`e${n}`)));
  expect(client.listenerCount("ready") + client.listenerCount("end")).toBe(before + 2);
  expect(await Promise.all(calls)).toEqual(calls.map(() => undefined));
  expect(client.listenerCount("ready") + client.listenerCount("end")).toBe(before);
  await new Promise((resolve) => setImmediate(resolve));
  expect(warnings).toEqual([]);
});

it("all calls that wait while a client ends reject, and leave no listener", async () => {
  const client = newClient({ lazyConnect: true });
  const before = client.listenerCount("end");
  const store = from(client);
  const calls = Array.from({ length: 12 }, () => faultOf(store.getExecution("e1")));
  client.disconnect();
  for (const call of calls) expect(await call).toEqual(unavailable({ reason: "connection" }));
  expect(client.listenerCount("end")).toBe(before);
});

it("a client that was quit is reported at once, and used again once it has connected again", async () => {
  const client = newClient();
  const store = from(client);
  const head = await store.createExecution(newExecution("e1"));
  for (const end of [() => client.quit(), async () => client.disconnect()]) {
    const ended = new Promise((resolve) => client.once("end", resolve));
    await end();
    await ended;
    expect(await faultOf(store.getExecution("e1"))).toEqual(unavailable({ reason: "connection" }));
    await client.connect();
    expect(await store.getExecution("e1")).toEqual({ ...head, readAt: expect.any(Number) });
  }
  await store.commit("e1", newCommit(head));
});

it("a store uses the current database and prefix of its client", async () => {
  const client = newClient();
  const store = from(client);
  const head = await store.createExecution(newExecution("e1"));
  await client.select(1);
  expect(await store.getExecution("e1")).toBeUndefined();
  expect(await store.listExecutions()).toEqual({ items: [] });
  await client.select(0);
  expect(await store.listExecutions()).toEqual({ items: [{ ...head, readAt: expect.any(Number) }] });
  client.options.keyPrefix = "other:";
  expect(await store.getExecution("e1")).toBeUndefined();
  expect(await store.getDefinition("h")).toBeUndefined();
  delete client.options.keyPrefix;
  expect(await store.getExecution("e1")).toEqual({ ...head, readAt: expect.any(Number) });
});
