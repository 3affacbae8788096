import { randomUUID } from "node:crypto";
import { type CheckpointStore, defineStore, type WorkflowStatus } from "@waymark/core/store";
import { Redis } from "ioredis";
import { newCheckpoint, newCommit, newExecution } from "tooling/store-fixtures";
import { startOwnRedis } from "tooling/test-servers";
import { afterAll, expect, it } from "vitest";
import { RedisCheckpointStore } from "../src/index.ts";
import { Keys } from "../src/keys.ts";
import { RedisDriver, type RedisDriverOptions } from "../src/redis-driver.ts";
import * as scriptsOfBefore from "./version-before/scripts.ts";
import { StoreOfBefore } from "./version-before/store-of-before.ts";

const server = await startOwnRedis({ settings: { appendonly: "no" } });
const client = new Redis(server.url);
for (const { source } of Object.values(scriptsOfBefore)) await client.script("LOAD", source);
afterAll(async () => {
  client.disconnect();
  await server.stop();
});

/** Stores of this version, and a process of the one before on the same data. */
function newPair() {
  const keyPrefix = `${randomUUID()}:`;
  const keys = new Keys(keyPrefix);
  const open = (times: Pick<RedisDriverOptions, "completeEveryMs" | "unbornGraceMs"> = {}): CheckpointStore => {
    const driver = new RedisDriver({ client, owned: false, options: { keyPrefix }, ...times });
    return defineStore(RedisCheckpointStore.capabilities, driver);
  };
  return { store: open(), open, before: new StoreOfBefore(client, keyPrefix), keys };
}

const LAPSED = newExecution("lapsed", { leaseMs: 0 });
const { owner: _owner, leaseMs: _leaseMs, ...unowned } = newExecution("due");
const DUE = { ...unowned, status: "pending", wakeAt: 1 } as const;
const FROM: WorkflowStatus[] = ["pending", "running", "suspended", "failed"];
const claimBy = (owner: string, leaseMs = 60_000) => ({
  claimId: randomUUID(),
  owner,
  leaseMs,
  from: FROM,
  force: true,
});

async function idsOf(store: Pick<CheckpointStore, "listExecutions"> | StoreOfBefore, by: "due" | "leaseExpired") {
  const { items } = await store.listExecutions(by === "due" ? { due: true } : { leaseExpired: true });
  return items.map(({ id }) => id);
}

it("ten processes that start at the same time find the executions of the version before", async () => {
  const { open, before, keys } = newPair();
  for (let n = 0; n < 30; n++) {
    await before.createExecution({ ...LAPSED, id: `lapsed ${n}` });
    await before.createExecution({ ...DUE, id: `due ${n}`, wakeAt: 30 - n });
  }
  const stores = Array.from({ length: 10 }, () => open());
  await Promise.all(stores.map((store) => store.getDefinition("none")));
  const found = await Promise.all(
    stores.flatMap((store) => [store.listExecutions({ leaseExpired: true }), store.listExecutions({ due: true })]),
  );
  for (const { items } of found) expect(items).toHaveLength(30);
  const due = Array.from({ length: 30 }, (_, n) => `due ${29 - n}`);
  expect(await idsOf(open(), "due")).toEqual(due);
  expect(await client.get(keys.layout)).toBeNull();
});

it("both versions note the same layout", async () => {
  const keyPrefix = `${randomUUID()}:`;
  const store = RedisCheckpointStore.from(client, { keyPrefix });
  await store.setup();
  expect(await client.get(new Keys(keyPrefix).layout)).toBe("1");
});

it("executions that the version before creates and claims are found at once", async () => {
  const { store, before } = newPair();
  await store.createExecution({ ...unowned, id: "a", status: "failed" });
  expect([await idsOf(store, "due"), await idsOf(store, "leaseExpired")]).toEqual([[], []]);
  await before.createExecution(DUE);
  expect(await idsOf(store, "due")).toEqual(["due"]);
  await before.claimExecution("a", claimBy("before", 0));
  expect(await idsOf(store, "leaseExpired")).toEqual(["a"]);
});

it("executions that it has ended and created in equal numbers are found at the next completion", async () => {
  const { store, before, keys } = newPair();
  const head = await store.createExecution(newExecution("a"));
  expect(await idsOf(store, "leaseExpired")).toEqual([]);
  // The entry of what has ended stays in the index of leases, which so has as many entries as there are that run.
  await before.commit("a", newCommit(head, { head: { status: "completed" } }));
  await before.createExecution(LAPSED);
  await before.settled();
  expect(await idsOf(store, "leaseExpired")).toEqual([]);
  const [begun] = (await client.zrange(keys.completions, "0", "-1", "WITHSCORES")).slice(1);
  expect(Number(begun)).toBeGreaterThan(0);
  await client.zincrby(keys.completions, -59_000, "lease");
  expect(await idsOf(store, "leaseExpired")).toEqual([]);
  await client.zincrby(keys.completions, -1_000, "lease");
  expect(await idsOf(store, "leaseExpired")).toEqual(["lapsed"]);
});

it("an index is completed in steps, however many entries it lacks", async () => {
  const { store, before } = newPair();
  await Promise.all(
    Array.from({ length: 2_500 }, (_, n) => before.createExecution({ ...DUE, id: `e${n}`, wakeAt: 1 + (n % 7) })),
  );
  const ids: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await store.listExecutions({ due: true, limit: 400, ...(cursor !== undefined && { cursor }) });
    const times = page.items.map(({ wakeAt }) => wakeAt ?? 0);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    for (const { id } of page.items) ids.push(id);
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  expect([ids.length, new Set(ids).size]).toEqual([2_500, 2_500]);
});

it("a lease that the version before renews has not lapsed; one that it releases has", async () => {
  const { store, before } = newPair();
  const head = await before.createExecution(LAPSED);
  expect(await idsOf(store, "leaseExpired")).toEqual(["lapsed"]);
  await before.commit("lapsed", newCommit(head, { leaseMs: 60_000 }));
  expect(await idsOf(store, "leaseExpired")).toEqual([]);
  await before.commit("lapsed", newCommit({ ...head, version: 1 }, { head: { status: "suspended", wakeAt: 1 } }));
  expect(await idsOf(store, "leaseExpired")).toEqual([]);
  expect(await idsOf(store, "due")).toEqual(["lapsed"]);
  await before.claimExecution("lapsed", claimBy("before"));
  expect(await idsOf(store, "due")).toEqual([]);
});

it("the version before finds the executions of this version, and removes none of their entries", async () => {
  const { store, before, keys } = newPair();
  await store.createExecution(DUE);
  const head = await store.createExecution(LAPSED);
  const held = await store.createExecution(newExecution("held"));
  for (let round = 0; round < 2; round++) {
    expect([await idsOf(before, "due"), await idsOf(before, "leaseExpired")]).toEqual([["due"], ["lapsed"]]);
    await before.settled();
  }
  await store.commit("lapsed", newCommit(head, { head: { status: "suspended", wakeInMs: 0 } }));
  expect((await idsOf(before, "due")).toSorted()).toEqual(["due", "lapsed"]);
  expect(await idsOf(before, "leaseExpired")).toEqual([]);
  await store.claimExecution("held", {
    ...claimBy("now"),
    cancel: { code: "CANCELLED", name: "Error", message: "stop" },
  });
  const { items } = await before.listExecutions({ status: ["cancelled", "running"] });
  expect(items.map(({ id, token }) => [id, token > held.token])).toEqual([["held", true]]);
  await before.settled();
  expect(await client.zcard(keys.statusIndex("cancelled"))).toBe(1);
});

it("both versions commit and claim in turns", async () => {
  const { store, before } = newPair();
  const ids: string[] = [];
  let head = await before.createExecution(newExecution("e"));
  for (const by of [before, store, before, before, store, store]) {
    for (let version = head.version; version < head.version + 2; version++) {
      const checkpoint = newCheckpoint({ visit: by === store ? 2 : 1 });
      await by.commit("e", newCommit({ ...head, version }, { checkpoints: [checkpoint] }));
      ids.push(checkpoint.id);
    }
    await expect(by.commit("e", newCommit(head))).rejects.toMatchObject({ code: "VERSION_CONFLICT" });
    const other = by === store ? before : store;
    const claimed = await other.claimExecution("e", claimBy("other"));
    await expect(by.commit("e", newCommit({ ...head, version: head.version + 2 }))).rejects.toMatchObject({
      code: "LEASE_LOST",
    });
    head = claimed;
  }
  const [, ...records] = await store.readCheckpoints("e");
  expect(records.map(({ id }) => id)).toEqual(ids);
  expect(records.map(({ visit }) => visit)).toEqual([1, 1, 2, 2, 1, 1, 1, 1, 2, 2, 2, 2]);
});

it("an execution that the version before deletes leaves no entry once its times have passed", async () => {
  const { open, before, keys } = newPair();
  const store = open({ completeEveryMs: 0, unbornGraceMs: -1 });
  await store.createExecution(DUE);
  await store.createExecution(LAPSED);
  await store.claimExecution("lapsed", claimBy("now", 0));
  expect(await before.deleteExecutions([{ id: "lapsed" }, { id: "due" }])).toBe(2);
  await before.settled();
  expect([await idsOf(store, "due"), await idsOf(store, "leaseExpired")]).toEqual([[], []]);
  await store.close();
  expect(await client.zrange(keys.leaseIndex, "0", "-1")).toEqual([]);
});
