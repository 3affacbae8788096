import { randomUUID } from "node:crypto";
import { Redis } from "ioredis";
import { newCommit, newExecution } from "tooling/store-fixtures";
import { startOwnRedis } from "tooling/test-servers";
import { afterAll, describe, expect, it } from "vitest";
import { RedisCheckpointStore, type RedisConnectOptions } from "../src/index.ts";
import { Keys } from "../src/keys.ts";
import { IN_TIME } from "./fault-of.ts";

const server = await startOwnRedis();
const admin = new Redis(server.url);
afterAll(async () => {
  admin.disconnect();
  await server.stop();
});

const open = (options: RedisConnectOptions = {}) =>
  RedisCheckpointStore.connect({ url: server.url, keyPrefix: `${randomUUID()}:`, ...options });

async function isDurable(options: RedisConnectOptions = {}): Promise<boolean> {
  await using store = await open(options);
  return store.capabilities.durable;
}

async function warningsWith(policy: string, options: RedisConnectOptions = {}): Promise<string[]> {
  await admin.config("SET", "maxmemory-policy", policy);
  const warnings: string[] = [];
  await (await open({ onWarning: (message) => warnings.push(message), ...options })).close();
  return warnings;
}

it("a store is as durable as its server, unless the option says otherwise", async () => {
  expect(await isDurable()).toBe(true);
  expect(await isDurable({ durable: false })).toBe(false);
  await admin.config("SET", "appendfsync", "everysec");
  expect(await isDurable()).toBe(false);
  expect(await isDurable({ durable: true })).toBe(true);
  await admin.config("SET", "appendfsync", "always");
});

it("a server that may evict executions leads to a warning", async () => {
  expect(await warningsWith("allkeys-lru")).toEqual([]);
  await admin.config("SET", "maxmemory", "1gb");
  expect(await warningsWith("allkeys-lru")).toEqual([expect.stringContaining("allkeys-lru")]);
  expect(await warningsWith("volatile-ttl")).toEqual([]);
  expect(await warningsWith("volatile-ttl", { endedTtlMs: 1_000 })).toEqual([expect.stringContaining("volatile-ttl")]);
  expect(await warningsWith("noeviction")).toEqual([]);
  await admin.config("SET", "maxmemory", "0");
});

it("a store opens even if its onWarning fails", async () => {
  await admin.config("SET", "maxmemory", "1gb");
  const broken = () => {
    throw new Error("the log is full");
  };
  let told = 0;
  // An unhandled rejection would fail this file.
  for (const onWarning of [broken, async () => broken(), () => new Promise<void>(() => undefined)]) {
    await warningsWith("allkeys-lru", {
      onWarning: () => {
        told += 1;
        return onWarning();
      },
    });
  }
  expect(told).toBe(3);
  await admin.config("SET", "maxmemory", "0", "maxmemory-policy", "noeviction");
});

it("ended executions expire, and those that are claimed again are kept", async () => {
  await using store = await open({ endedTtlMs: 3_600_000, keyPrefix: "ttl:" });
  const remaining = async () => Promise.all((await admin.keys("ttl:*e1")).map((key) => admin.pttl(key)));
  const head = await store.createExecution(newExecution("e1"));
  expect(await remaining()).toEqual([-1, -1]);
  await store.commit("e1", newCommit(head, { head: { status: "failed" } }));
  for (const left of await remaining()) expect(left).toBeGreaterThan(3_000_000);
  const claim = { claimId: randomUUID(), owner: "o2", leaseMs: 1_000, from: ["failed" as const] };
  const claimed = await store.claimExecution("e1", claim);
  expect(await remaining()).toEqual([-1, -1]);
  await store.commit("e1", newCommit(claimed, { head: { status: "completed" } }));
  for (const key of await admin.keys("ttl:*e1")) await admin.pexpire(key, 0);
  expect(await store.listExecutions()).toEqual({ items: [] });
  expect(await store.getExecution("e1")).toBeUndefined();
  expect((await store.createExecution(newExecution("e1"))).token).toBeGreaterThan(claimed.token);
});

it("keys of an unknown layout are refused", async () => {
  await admin.set("new:layout", "2");
  await expect(open({ keyPrefix: "new:" })).rejects.toMatchObject({ code: "STATE_VERSION_UNSUPPORTED" });
});

it("the keys of an execution lie in one slot, and a deletion leaves only the tokens", async () => {
  await using store = await open({ keyPrefix: "slots:" });
  for (const id of ["{x}", "}b", "a:b", "*", "{index}", "ü{"]) {
    const head = await store.createExecution(newExecution(id));
    const keys = (await admin.keys("slots:*")).filter((key) => /:(head|records):/.test(key));
    expect(keys).toHaveLength(2);
    const slots = await Promise.all(keys.map((key) => slotOf(key)));
    expect(new Set(slots).size).toBe(1);
    // Stored data depends on it: an id's tag never changes.
    expect(slots[0]).toMatch(/^[0-9a-f]{3}$/);
    await store.deleteExecutions([head]);
    await expect
      .poll(async () => (await admin.keys("slots:*")).filter((key) => !/:tokens$|:layout$/.test(key)), IN_TIME)
      .toEqual([]);
  }
});

it("the bucket of an id never changes", () => {
  const keys = new Keys("");
  expect(["e1", "trial-7", "ü{"].map((id) => slotOf(keys.execution(id).head))).toEqual(["e2b", "6c2", "e9f"]);
  const buckets = new Set(Array.from({ length: 40_000 }, (_, n) => slotOf(keys.execution(`id-${n}`).head)));
  expect(buckets.size).toBeGreaterThan(4_000);
  expect(buckets.size).toBeLessThanOrEqual(4_096);
});

describe("options", () => {
  it.for<[string, object | null]>([
    ["url", {}],
    ["url", { url: "http://localhost" }],
    ["keyPrefix", { url: server.url, keyPrefix: "{a}" }],
    ["timeoutMs", { url: server.url, timeoutMs: 0 }],
    ["timeoutMs", { url: server.url, timeoutMs: 2 ** 31 }],
    ["endedTtlMs", { url: server.url, endedTtlMs: 1.5 }],
    ["cluster", { cluster: [] }],
    ["cluster", { url: server.url, cluster: [{ port: 1 }] }],
    ["clusterOptions", { url: server.url, clusterOptions: {} }],
    ["prefix", { url: server.url, prefix: "a" }],
    ["prefix", { url: server.url, prefix: undefined }],
    ["endedTtlMs", { url: server.url, endedTtlMs: null }],
    ["options", null],
    ["options", []],
  ])("%s is refused in %o", async ([argument, options]) => {
    const call = RedisCheckpointStore.connect(options as RedisConnectOptions);
    await expect(call).rejects.toMatchObject({ code: "INVALID_ARGUMENT", details: { argument } });
  });

  it.each(["url", "cluster", "clusterOptions", "prefix"])("from refuses the option %s", (name) => {
    const options = { [name]: server.url };
    expect(() => RedisCheckpointStore.from(admin, options)).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT" }),
    );
  });

  it("an option that is undefined counts as absent, also among the client's options", async () => {
    const names = ["cluster", "clusterOptions", "endedTtlMs", "durable", "maxPayloadBytes", "timeoutMs", "onWarning"];
    const own = ["retryStrategy", "connectTimeout", "reconnectOnError", "enableReadyCheck", "sentinels", "password"];
    const absent = (each: string[]) => Object.fromEntries(each.map((name) => [name, undefined]));
    await using store = await open({ ...absent(names), options: absent(own) });
    expect(store.capabilities).toEqual(RedisCheckpointStore.capabilities);
    await store.createExecution(newExecution("e1"));
    await admin.call("client", "KILL", "TYPE", "normal", "SKIPME", "yes");
    // It connects again: the store's own retryStrategy has not been taken away.
    expect(await store.getExecution("e1")).toMatchObject({ id: "e1" });
    const from = RedisCheckpointStore.from(admin, absent(["keyPrefix", ...names.slice(2)]));
    expect(from.capabilities.maxPayloadBytes).toBe(RedisCheckpointStore.capabilities.maxPayloadBytes);
  });
});

/** The part of a key that decides its slot. */
function slotOf(key: string): string {
  return /\{([^}]+)\}/.exec(key)?.[1] ?? key;
}
