import { randomUUID } from "node:crypto";
import { createWorkflowEngine } from "@waymark/core";
import { Redis } from "ioredis";
import { expectNoLeak } from "tooling/store-checks";
import { newCheckpoint, newCommit, newExecution } from "tooling/store-fixtures";
import { startOwnRedis, startTcpProxy } from "tooling/test-servers";
import { afterAll, afterEach, expect, it } from "vitest";
import { RedisCheckpointStore, type RedisConnectOptions } from "../src/index.ts";
import { Keys } from "../src/keys.ts";

const USER = "markeruser";
const PASSWORD = "markerpassword";
const PAYLOAD = "markerpayload";
const SECRETS = [USER, PASSWORD, PAYLOAD];

const server = await startOwnRedis({ settings: { "rename-command": "set hidden" } });
const { host, port } = new URL(server.url);
const admin = new Redis(server.url);
admin.on("error", () => {});
await admin.call("acl", "setuser", USER, "on", `>${PASSWORD}`, "~*", "+@all");
const url = `redis://${USER}:${PASSWORD}@${host}`;

const opened: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});
afterAll(async () => {
  admin.disconnect();
  await server.stop();
});

function borrowed(address: string, timeoutMs = 5_000): RedisCheckpointStore {
  const client = new Redis(address, { maxRetriesPerRequest: 1 });
  client.on("error", () => {});
  opened.push(() => client.disconnect());
  return RedisCheckpointStore.from(client, { keyPrefix: `${randomUUID()}:`, timeoutMs });
}

const leakOf = (call: Promise<unknown>) => expectNoLeak(call, SECRETS);
const payload = `{"token":"${PAYLOAD}"}`;
const secretCommit = (head: { token: number; version: number }) =>
  newCommit(head, { checkpoints: [newCheckpoint({ payload })] });

it.each<RedisConnectOptions>([
  { url: `redis://${USER}:${PASSWORD}@a b` },
  { url: `redis://${USER}:${PASSWORD}@${host}:x` },
  { url: `redis://${USER}:%zz${PASSWORD}@${host}` },
  { url: `redis://${USER}:1/${PASSWORD}@${host}` },
  { url: `redis://${PASSWORD}?${PASSWORD}@${host}` },
  { url: `redis://${PASSWORD}#${PASSWORD}@${host}` },
  { url: `mongodb://${USER}:${PASSWORD}@${host}` },
  { cluster: [`redis://${USER}:${PASSWORD}@a b`] as never },
  { cluster: [`redis://${PASSWORD}/${PASSWORD}@${host}`] as never },
])("an invalid address is not repeated (%#)", async (options) => {
  expect(await leakOf(RedisCheckpointStore.connect({ timeoutMs: 2_000, ...options }))).toBe("INVALID_ARGUMENT");
});

it("an error about a refused login repeats neither user nor password", async () => {
  const connect = (login: string) =>
    RedisCheckpointStore.connect({ url: `redis://${login}@${host}`, timeoutMs: 5_000 });
  expect(await leakOf(connect(`${USER}:x${PASSWORD}`))).toBe("STORE_UNAVAILABLE");
  expect(await leakOf(connect(`x${USER}:${PASSWORD}`))).toBe("STORE_UNAVAILABLE");
  const locked = await startOwnRedis({ settings: { requirepass: PASSWORD } });
  opened.push(() => locked.stop());
  const { host: lockedHost } = new URL(locked.url);
  expect(await leakOf(RedisCheckpointStore.connect({ url: `redis://${lockedHost}` }))).toBe("STORE_UNAVAILABLE");
  await admin.call("acl", "setuser", `${USER}2`, "on", `>${PASSWORD}`, "~other:*", "+ping", "+info", "+hello");
  expect(await leakOf(borrowed(`redis://${USER}2:${PASSWORD}@${host}`).getExecution("e1"))).toBe("STORE_UNAVAILABLE");
  const nobody = { url: `redis://${USER}:${PASSWORD}@127.0.0.1:1`, timeoutMs: 1_000 };
  expect(await leakOf(RedisCheckpointStore.connect(nobody))).toBe("STORE_UNAVAILABLE");
});

it("the error of a commit for which the server has no memory does not repeat the context", async () => {
  const executors = {
    a: async () => {
      await admin.config("SET", "maxmemory", "1");
      return { token: PAYLOAD };
    },
  };
  // The engine repeats the commit until its lease ends.
  // The commit of a node that is not the last is one script, with the context in it.
  const nodes = ["a", "b"].map((id) => ({ id, type: "a" }));
  const workflows = [{ id: "w", nodes, edges: [{ source: "a", target: "b" }] }];
  const store = borrowed(url);
  // Definitions are saved by a command that this server does not have.
  const saved = Object.assign(store, { saveDefinition: async () => {} });
  const { executeWorkflow } = createWorkflowEngine({ store: saved, workflows, executors, leaseMs: 1_000 });
  try {
    expect(await leakOf(executeWorkflow({ workflowId: "w", userId: "u" }))).toBe("STORE_UNAVAILABLE");
  } finally {
    await admin.config("SET", "maxmemory", "0");
  }
});

it("the error of an unknown command does not repeat its arguments", async () => {
  const json = `{"key":"${PAYLOAD}"}`;
  expect(await leakOf(borrowed(url).saveDefinition("h", json))).toBe("STORE_UNAVAILABLE");
});

it("errors of a key of another type, a lost answer and a server that is away do not repeat the payload", async () => {
  const proxy = await startTcpProxy({ host: "127.0.0.1", port: Number(port) });
  opened.push(() => proxy.close());
  const keyPrefix = `${randomUUID()}:`;
  const client = new Redis(proxy.urlFor(url), { maxRetriesPerRequest: 0 });
  client.on("error", () => {});
  opened.push(() => client.disconnect());
  const store = RedisCheckpointStore.from(client, { keyPrefix, timeoutMs: 1_000 });
  const head = await store.createExecution(newExecution("e1"));
  await store.createExecution(newExecution("e2"));
  const { records } = new Keys(keyPrefix).execution("e2");
  await admin.del(records);
  await admin.hset(records, "field", PAYLOAD);
  expect(await leakOf(store.commit("e2", secretCommit(head)))).toBe("LEASE_LOST");
  const second = (await store.getExecution("e2")) ?? expect.unreachable();
  expect(await leakOf(store.commit("e2", secretCommit(second)))).toBe("STATE_CORRUPT");
  proxy.stall();
  expect(await leakOf(store.commit("e1", secretCommit(head)))).toBe("STORE_UNAVAILABLE");
  proxy.resume();
  proxy.cut();
  await proxy.close();
  expect(await leakOf(store.commit("e1", secretCommit(head)))).toBe("STORE_UNAVAILABLE");
});
