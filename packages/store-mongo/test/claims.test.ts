import { randomUUID } from "node:crypto";
import type { CheckpointStore, ExecutionRecord } from "@waymark/core";
import { type Document, MongoClient } from "mongodb";
import { newCheckpoint, newCommit, newExecution } from "tooling/store-fixtures";
import { startMongo } from "tooling/test-servers";
import { afterAll, describe, expect, it } from "vitest";
import { MongoCheckpointStore, type MongoStoreOptions } from "../src/index.ts";
import { Stepper } from "./stepper.ts";

const server = await startMongo();
const client = await new MongoClient(server.url).connect();
afterAll(async () => {
  await client.close();
  await server.stop();
});

function newStore(options: MongoStoreOptions = {}) {
  const collectionPrefix = `c${randomUUID().slice(0, 8)}_`;
  const all = { database: "waymark", collectionPrefix, ...options };
  const documents = client.db("waymark").collection<Document & { _id: string }>(`${collectionPrefix}executions`);
  return { store: MongoCheckpointStore.from(client, all), documents, options: all };
}

const CANCEL = { code: "CANCELLED", message: "by hand" };
const claim = (changes = {}) => ({
  ...{ claimId: randomUUID(), owner: "next", leaseMs: 60_000, from: ["running" as const], force: true },
  ...changes,
});

/** Claims an execution while something is done before each of its statements but the first; returns their number, too. */
async function claimAmid(
  { options }: ReturnType<typeof newStore>,
  request: Parameters<CheckpointStore["claimExecution"]>[1],
  interrupt: (times: number) => Promise<unknown>,
) {
  const stepper = new Stepper();
  const { client: stepping, run } = stepper.add("claimer", client, "waymark");
  const claimer: CheckpointStore = MongoCheckpointStore.from(stepping, options);
  await (claimer as MongoCheckpointStore).setup();
  let claimed: Promise<ExecutionRecord> | undefined;
  run(async () => {
    claimed = claimer.claimExecution("e1", request);
    await claimed.catch(() => {});
  });
  let statements = 0;
  while ((await stepper.waiting()).length > 0) {
    if (statements > 0) await interrupt(statements - 1);
    statements += 1;
    stepper.go("claimer");
  }
  return { claimed: await claimed, statements };
}

function claimAmidCommits(own: ReturnType<typeof newStore>, head: ExecutionRecord, request: ReturnType<typeof claim>) {
  return claimAmid(own, request, (version) =>
    own.store.commit("e1", newCommit({ ...head, version }, { leaseMs: 60_000 })),
  );
}

describe("a claim whose execution is committed to after it was read", () => {
  it.each([
    ["that cancels ends the execution as the commits have left it", { cancel: CANCEL }, "cancelled"],
    ["takes the execution over as the commits have left it", {}, "running"],
  ])("%s, in one step", async (_title, changes, status) => {
    const own = newStore();
    const head = await own.store.createExecution(newExecution("e1"));
    const { claimed, statements } = await claimAmidCommits(own, head, claim(changes));
    expect(statements).toBe(2);
    expect(claimed).toMatchObject({ status, version: 1, seq: 1, token: head.token + 1 });
    const now = (await own.store.getExecution("e1")) ?? expect.unreachable();
    expect(now).toEqual({ ...claimed, readAt: now.readAt });
    expect(await own.store.readCheckpoints("e1")).toHaveLength(2);
  });

  it("is refused if the lapsed lease was renewed", async () => {
    const own = newStore();
    const head = await own.store.createExecution(newExecution("e1", { leaseMs: 0 }));
    const call = claimAmidCommits(own, head, claim({ force: false }));
    await expect(call).rejects.toMatchObject({ code: "LEASE_HELD" });
    expect(await own.store.getExecution("e1")).toMatchObject({ owner: "o1", token: head.token });
  });
});

it("a cancelled execution expires like any other that has ended", async () => {
  const { store, documents } = newStore({ endedTtlMs: 3_600_000 });
  await store.createExecution(newExecution("e1", { wakeInMs: 5 }));
  const { endedAt = 0 } = await store.claimExecution("e1", claim({ cancel: CANCEL }));
  const found = await documents.find().toArray();
  expect(found.map(({ forgetAt }) => forgetAt?.getTime())).toEqual([endedAt + 3_600_000, endedAt + 3_600_000]);
  expect(found.some(({ sweepingSince }) => sweepingSince !== undefined)).toBe(false);
});

it("a failed execution that is cancelled before it expires does so later, with all its records", async () => {
  const { store, documents } = newStore({ endedTtlMs: 3_600_000 });
  const head = await store.createExecution(newExecution("e1"));
  const payload = "x".repeat(9_000);
  await store.commit("e1", newCommit(head, { checkpoints: [newCheckpoint({ payload })], head: { status: "failed" } }));
  await documents.updateMany({ forgetAt: { $exists: true } }, [{ $set: { forgetAt: { $add: ["$forgetAt", -5] } } }]);
  const { endedAt = 0 } = await store.claimExecution("e1", claim({ from: ["failed"], cancel: CANCEL }));
  const found = await documents.find().toArray();
  expect(found.map(({ forgetAt }) => forgetAt?.getTime())).toEqual(Array(3).fill(endedAt + 3_600_000));
  expect(await store.readCheckpoints("e1")).toHaveLength(2);
});

it("a cancel just after an end moves the expiry of all records", async () => {
  const own = newStore({ endedTtlMs: 3_600_000 });
  const { store, documents } = own;
  const checkpoint = newCheckpoint({ kind: "snapshot", payload: "x".repeat(9_000) });
  const head = await store.createExecution(newExecution("e1", { checkpoint }));
  const request = { ...claim({ cancel: CANCEL }), from: ["running", "failed"] as const };
  const { claimed } = await claimAmid(own, request, async (times) => {
    if (times > 0) return;
    await store.commit("e1", newCommit(head, { head: { status: "failed" } }));
    await documents.updateMany({ forgetAt: { $exists: true } }, [{ $set: { forgetAt: { $add: ["$forgetAt", -5] } } }]);
  });
  expect(claimed).toMatchObject({ status: "cancelled", version: 1 });
  const goesAt = Number(claimed?.endedAt) + 3_600_000;
  expect((await documents.find().toArray()).map(({ forgetAt }) => forgetAt?.getTime())).toEqual(Array(3).fill(goesAt));
});

describe("the bound by which lapsed leases are found", () => {
  const lapsed = async (store: CheckpointStore) =>
    (await store.listExecutions({ leaseExpired: true })).items.map(({ id }) => id);

  it("does not change when commits renew the lease; a reader moves it once it has passed", async () => {
    const { store, documents } = newStore();
    const boundOf = async () => (await documents.findOne({ _id: "e1" }))?.leaseBound as number;
    const head = await store.createExecution(newExecution("e1", { leaseMs: 0 }));
    const first = await boundOf();
    expect(first).toBe(head.leaseUntil);
    for (let version = 0; version < 3; version++) {
      await store.commit("e1", newCommit({ ...head, version }, { leaseMs: 60_000 }));
      expect(await boundOf()).toBe(first);
    }
    expect(await lapsed(store)).toEqual([]);
    expect(await boundOf()).toBe((await store.getExecution("e1"))?.leaseUntil);
  });

  it("moves with a commit that makes the lease shorter", async () => {
    const { store } = newStore();
    const head = await store.createExecution(newExecution("e1", { leaseMs: 60_000 }));
    await store.commit("e1", newCommit(head, { leaseMs: 0 }));
    expect(await lapsed(store)).toEqual(["e1"]);
  });

  it("is removed with the lease and set by the next claim", async () => {
    const { store, documents } = newStore();
    const head = await store.createExecution(newExecution("e1", { leaseMs: 0 }));
    await store.commit("e1", newCommit(head, { head: { status: "suspended" } }));
    expect(await documents.findOne({ _id: "e1" })).not.toHaveProperty("leaseBound");
    await store.claimExecution("e1", claim({ from: ["suspended"], leaseMs: 0 }));
    expect(await lapsed(store)).toEqual(["e1"]);
  });

  it("is set by a reader for each running execution without one, however many there are", async () => {
    const { store, documents } = newStore();
    await store.createExecution(newExecution("e1", { leaseMs: 0 }));
    const { _id, ...head } = (await documents.findOne({ _id: "e1" })) ?? expect.unreachable();
    const { leaseBound, ...ofBefore } = head;
    const ids = Array.from({ length: 4_500 }, (_, n) => `f${String(n).padStart(4, "0")}`);
    await documents.insertMany(ids.map((id) => ({ ...ofBefore, _id: id, id, executionId: id, leaseUntil: 5 })));
    const { items } = await store.listExecutions({ leaseExpired: true, limit: 1_000 });
    expect(items.map(({ id }) => id)).toEqual(ids.slice(0, 1_000));
    expect(await documents.countDocuments({ leaseBound: 5 })).toBe(4_500);
  });
});
