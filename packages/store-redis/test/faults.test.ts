import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { Redis } from "ioredis";
import { newCommit, newExecution } from "tooling/store-fixtures";
import { startOwnRedis, startTcpProxy } from "tooling/test-servers";
import { afterAll, afterEach, expect, it } from "vitest";
import { RedisCheckpointStore, type RedisConnectOptions } from "../src/index.ts";
import { faultOf, IN_TIME, unavailable } from "./fault-of.ts";

const server = await startOwnRedis();
const { port } = new URL(server.url);
const admin = new Redis(server.url);
admin.on("error", () => {});
const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
});
afterAll(async () => {
  admin.disconnect();
  await server.stop();
});

async function open(options: RedisConnectOptions = {}): Promise<RedisCheckpointStore> {
  const store = await RedisCheckpointStore.connect({ url: server.url, keyPrefix: `${randomUUID()}:`, ...options });
  opened.push(store);
  return store;
}

async function openByProxy(timeoutMs: number) {
  const proxy = await startTcpProxy({ host: "127.0.0.1", port: Number(port) });
  opened.push(proxy);
  return { proxy, store: await open({ url: proxy.urlFor(server.url), timeoutMs }) };
}

it("a connection that is cut is replaced, and the commit under way takes effect once", async () => {
  const { proxy, store } = await openByProxy(60_000);
  const head = await store.createExecution(newExecution("e1"));
  proxy.cut();
  await store.commit("e1", newCommit(head));
  proxy.dropNextAnswer();
  await store.commit("e1", newCommit({ ...head, version: 1 }));
  expect(await store.getExecution("e1")).toMatchObject({ version: 2, seq: 2 });
});

it("a deletion whose answer is lost is not counted twice", async () => {
  const { proxy, store } = await openByProxy(60_000);
  await store.createExecution(newExecution("e1"));
  // So that the server knows the script, and its next answer is that of the deletion.
  await store.deleteExecutions([{ id: "e1", version: 9 }]);
  proxy.dropNextAnswer();
  const fault = await faultOf(store.deleteExecutions([{ id: "e1", version: 0 }]));
  expect(fault).toEqual(unavailable({ reason: "connection" }));
  expect(await store.getExecution("e1")).toBeUndefined();
});

it("a creation that is sent again after a deletion does not bring back earlier tokens", async () => {
  const store = await open({ keyPrefix: "again:" });
  const sent: [string, number, ...string[]][] = [];
  const recorder = Object.assign(Object.create(admin) as Redis, {
    evalsha: (...args: [string, number, ...string[]]) => {
      sent.push(args);
      return admin.evalsha(...args);
    },
  });
  const first = await RedisCheckpointStore.from(recorder, { keyPrefix: "again:" }).createExecution(newExecution("e1"));
  const claim = { claimId: randomUUID(), owner: "o2", leaseMs: 1_000, from: ["running" as const], force: true };
  const claimed = await store.claimExecution("e1", claim);
  await store.deleteExecutions([first]);
  await store.deleteExecutions([claimed]);
  const creation = sent.find((args) => args.includes("initialId"));
  expect(await admin.evalsha(...(creation ?? ["", 0]))).toEqual(["void"]);
  expect(await store.getExecution("e1")).toBeUndefined();
  expect((await store.createExecution(newExecution("e1"))).token).toBeGreaterThan(claimed.token);
});

it("a call on a silent network fails after timeoutMs, and the store works again when the network does", async () => {
  const { proxy, store } = await openByProxy(2_000);
  const head = await store.createExecution(newExecution("e1"));
  proxy.stall();
  const commit = newCommit(head);
  expect(await faultOf(store.commit("e1", commit))).toEqual(unavailable({ reason: "timeout" }));
  proxy.resume();
  await expect.poll(() => faultOf(store.commit("e1", commit)), IN_TIME).toBeUndefined();
  expect(await store.getExecution("e1")).toMatchObject({ version: 1 });
});

it("a server that is away is reported within timeoutMs, and used again when it is back", async () => {
  const store = await open({ timeoutMs: 2_000 });
  const head = await store.createExecution(newExecution("e1"));
  const commit = newCommit(head);
  await server.kill();
  expect(await faultOf(store.commit("e1", commit))).toEqual(unavailable({ reason: "connection" }));
  expect(await faultOf(open({}))).toEqual(unavailable({ reason: "connection" }));
  await server.restart();
  await expect.poll(() => faultOf(store.commit("e1", commit)), IN_TIME).toBeUndefined();
});

it("scripts that the server has forgotten are sent again", async () => {
  const store = await open();
  const head = await store.createExecution(newExecution("e1"));
  await store.commit("e1", newCommit(head));
  await admin.script("FLUSH");
  await store.commit("e1", newCommit({ ...head, version: 1 }));
  expect(await store.getExecution("e1")).toMatchObject({ version: 2 });
});

it("a server without memory writes nothing and is reported; the store works once it has some", async () => {
  const store = await open();
  const head = await store.createExecution(newExecution("e1"));
  await admin.config("SET", "maxmemory", "1");
  const commit = newCommit(head, { head: { status: "completed" } });
  expect(await faultOf(store.commit("e1", commit))).toEqual(
    unavailable({ reason: "out_of_memory", serverCode: "OOM" }),
  );
  expect(await faultOf(store.createExecution(newExecution("e2")))).toMatchObject({ reason: "out_of_memory" });
  expect(await store.getExecution("e1")).toEqual({ ...head, readAt: expect.any(Number) });
  expect(await store.deleteExecutions([{ id: "e1", version: 0 }])).toBe(1);
  await admin.config("SET", "maxmemory", "0");
  await store.createExecution(newExecution("e2"));
});

it("a wrong password, a missing password and a missing permission are distinguished", async () => {
  const closed = await startOwnRedis({ settings: { requirepass: "secret" } });
  opened.push({ close: () => closed.stop() });
  const { host } = new URL(closed.url);
  const connect = (login: string) =>
    RedisCheckpointStore.connect({ url: `redis://${login}${host}`, timeoutMs: 30_000 });
  expect(await faultOf(connect(""))).toEqual(unavailable({ reason: "authentication", serverCode: "NOAUTH" }));
  expect(await faultOf(connect(":wrong@"))).toEqual(unavailable({ reason: "authentication", serverCode: "WRONGPASS" }));
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  const [, permissions = ""] = /ACL SETUSER waymark on >secret ~waymark:\*([^`]*)/.exec(readme) ?? [];
  const boss = new Redis(closed.url);
  await boss.call("acl", "setuser", "app", "on", ">pw", "~waymark:*", ...permissions.trim().split(/\s+/));
  await boss.call("acl", "setuser", "poor", "on", ">pw", "~other:*", "+@all");
  opened.push({ close: async () => boss.disconnect() });
  const store = await connect("app:pw@");
  const created = await store.createExecution(newExecution("e1"));
  expect(await store.listExecutions()).toMatchObject({ items: [{ id: "e1" }] });
  await store.commit("e1", newCommit(created, { head: { status: "completed" } }));
  const owner = { claimId: randomUUID(), owner: "o", leaseMs: 0, from: ["completed" as const] };
  await store.claimExecution("e1", owner);
  expect(await store.readCheckpoints("e1")).toHaveLength(2);
  expect(await store.listExecutions({ leaseExpired: true })).toMatchObject({ items: [{ id: "e1" }] });
  expect(await store.listExecutions({ due: true })).toMatchObject({ items: [] });
  await store.saveDefinition("h", "{}");
  await boss.zincrby("waymark:{index}:definitions", -600_000, "h");
  expect(await store.deleteUnusedDefinitions({ olderThanMs: 600_000 })).toBe(1);
  expect(await store.deleteExecutions([{ id: "e1", version: 1 }])).toBe(1);
  expect(store.capabilities.durable).toBe(true);
  await store.close();
  expect(await faultOf(connect("poor:pw@"))).toEqual(unavailable({ reason: "permission", serverCode: "NOPERM" }));
});

it("a key that was overwritten is reported", async () => {
  const store = await open({ keyPrefix: "foreign:" });
  const head = await store.createExecution(newExecution("e1"));
  const [key = ""] = await admin.keys("foreign:*:head:e1");
  await admin.set(key, "text");
  const fault = { code: "STATE_CORRUPT", serverCode: "WRONGTYPE" };
  expect(await faultOf(store.commit("e1", newCommit(head)))).toEqual(fault);
});

it("a borrowed client that was ended is reported at once, and close leaves a borrowed client open", async () => {
  const client = new Redis(server.url);
  const store = RedisCheckpointStore.from(client, { keyPrefix: `${randomUUID()}:` });
  await store.createExecution(newExecution("e1"));
  await store.close();
  expect(await faultOf(store.getExecution("e1"))).toMatchObject({ code: "STORE_CLOSED" });
  expect(await client.ping()).toBe("PONG");
  const other = RedisCheckpointStore.from(client);
  client.disconnect();
  expect(await faultOf(other.getExecution("e1"))).toEqual(unavailable({ reason: "connection" }));
});
