import { randomUUID } from "node:crypto";
import { type Document, MongoClient } from "mongodb";
import { newCheckpoint, newCommit, newExecution } from "tooling/store-fixtures";
import { startMongo } from "tooling/test-servers";
import { afterAll, expect, it } from "vitest";
import { MongoCheckpointStore } from "../src/index.ts";
import { ProcessOfBefore } from "./version-before.ts";

const server = await startMongo();
const client = await new MongoClient(server.url).connect();
afterAll(async () => {
  await client.close();
  await server.stop();
});

const LARGE = "x".repeat(9_000);

/** A store of this version, and a process of the one before on the same data. */
function newPair(id = "e1") {
  const collectionPrefix = `p${randomUUID().slice(0, 8)}_`;
  const db = client.db("waymark");
  const documents = db.collection<Document & { _id: string }>(`${collectionPrefix}executions`);
  const open = () => MongoCheckpointStore.from(client, { database: "waymark", collectionPrefix });
  const definitions = db.collection<Document & { _id: string }>(`${collectionPrefix}definitions`);
  return { store: open(), open, before: new ProcessOfBefore({ db, documents, id }), documents, definitions };
}

const idsOf = (some: readonly { id: string }[]) => some.map(({ id }) => id);
const claim = { owner: "now", leaseMs: 60_000, from: ["running", "suspended", "failed"] as const, force: true };

it.each([["before now"], ["now before"], ["now before now"]])(
  "stores of both versions make their indexes: %s",
  async (order) => {
    const { open, before, documents } = newPair();
    for (const one of order.split(" ")) await (one === "before" ? before.setUp() : open().setup());
    const names = (await documents.indexes()).map(({ name }) => name).toSorted();
    const shared = ["_id_", "created", "workflow", "user", "status", "deleted"];
    expect(names).toEqual([...shared, "wake", "due", "lease", "definition"].toSorted());
  },
);

it("an execution of the version before can be read, committed to and claimed", async () => {
  const { store, before } = newPair();
  await before.setUp();
  await before.create({ leaseMs: 60_000 });
  const head = (await store.getExecution("e1")) ?? expect.unreachable();
  expect(head).toMatchObject({ status: "running", recoveries: 0, owner: "before", version: 0 });
  await store.commit("e1", newCommit(head, { checkpoints: [newCheckpoint({ id: "c1", visit: 2 })] }));
  const records = await store.readCheckpoints("e1");
  expect(records.map(({ visit }) => visit)).toEqual([1, 2]);
  const claimed = await store.claimExecution("e1", { claimId: "c", ...claim });
  expect(claimed).toMatchObject({ recoveries: 1, token: head.token + 1 });
});

it("both versions commit in turns and read all commits", async () => {
  const { store, before } = newPair();
  await store.setup();
  await before.create({ leaseMs: 60_000 });
  const expected = ["initial"];
  const commitNow = async (...payloads: string[]) => {
    const head = (await store.getExecution("e1")) ?? expect.unreachable();
    const checkpoints = payloads.map((payload) => newCheckpoint({ payload }));
    await store.commit("e1", newCommit(head, { checkpoints }));
    expected.push(...idsOf(checkpoints));
  };
  const commitBefore = async (payload: string) => {
    const id = randomUUID();
    expect(await before.commit(await before.head(), { id, payload })).toBe(true);
    expected.push(id);
  };
  const small = (count: number) => Array<string>(count).fill("{}");
  // As many at once as a tail gathers, more than that, more than a segment of this version has, and all that may be.
  for (const count of [1, 7, 8, 9, 30, 70, 100]) {
    await commitNow(...small(count));
    await commitBefore("{}");
    await commitNow(LARGE, ...small(2), LARGE);
    await commitBefore(LARGE);
    await commitNow(...small(count));
    await commitNow("{}");
    for (let more = 0; more < 9; more++) await commitBefore("{}");
    expect(idsOf(await store.readCheckpoints("e1"))).toEqual(expected);
    expect(await before.readIds(0)).toEqual(expected);
    expect(await before.readIds(expected.length - 5)).toEqual(expected.slice(-5));
  }
  // Also one by one, whatever segments they are in.
  for (let seq = 0; seq < expected.length; seq += 7) {
    expect(idsOf(await store.readCheckpoints("e1", { from: seq, to: seq }))).toEqual([expected[seq]]);
  }
});

it("owners of both versions fence each other", async () => {
  const { store, before } = newPair();
  await before.setUp();
  await before.create({ leaseMs: 60_000 });
  const base = await before.head();
  const head = await store.claimExecution("e1", { claimId: "c1", ...claim });
  expect(await before.commit(base, { id: "late", payload: "{}" })).toBe(false);
  await store.commit("e1", newCommit(head));
  expect(await before.claim("c2", 60_000)).toBe(true);
  const lost = store.commit("e1", newCommit({ ...head, version: 1 }));
  await expect(lost).rejects.toMatchObject({ code: "LEASE_LOST" });
  const request = { claimId: "c3", ...claim, cancel: { code: "CANCELLED", message: "m" } };
  const taken = await before.head();
  expect(await store.claimExecution("e1", request)).toMatchObject({ status: "cancelled", version: 1 });
  expect(await before.commit(taken, { id: "late", payload: "{}" })).toBe(false);
  expect(await store.readCheckpoints("e1")).toHaveLength(2);
});

it("each version finds the lapsed leases and due executions of the other", async () => {
  const { store, before } = newPair();
  await before.setUp();
  await before.create({ leaseMs: 0 });
  const lapsed = async () => idsOf((await store.listExecutions({ leaseExpired: true })).items);
  const due = async () => idsOf((await store.listExecutions({ due: true })).items);
  expect(await lapsed()).toEqual(["e1"]);
  expect(await before.commit(await before.head(), { id: "c1", payload: "{}" }, { leaseMs: 60_000 })).toBe(true);
  expect(await lapsed()).toEqual([]);
  expect(await before.claim("c2", 0)).toBe(true);
  expect(
    await before.commit(await before.head(), { id: "c2", payload: "{}" }, { status: "suspended", wakeAt: 5 }),
  ).toBe(true);
  expect(await due()).toEqual(["e1"]);
  expect(await before.listIds({ due: true })).toEqual(["e1"]);
  await store.claimExecution("e1", { claimId: "c3", ...claim, leaseMs: 0 });
  expect([await due(), await lapsed(), await before.listIds({ leaseExpired: true })]).toEqual([[], ["e1"], ["e1"]]);
});

it("a definition that the version before has saved counts as saved when it is first read", async () => {
  const { store, before, definitions } = newPair();
  await store.setup();
  await definitions.insertMany([
    { _id: "used", json: "{}" },
    { _id: "unused", json: "{}" },
  ]);
  await before.create({ leaseMs: 0, definitionHash: "used" });
  const clean = () => store.deleteUnusedDefinitions({ olderThanMs: 600_000 });
  expect(await clean()).toBe(0);
  await definitions.updateMany({}, [{ $set: { savedAt: { $subtract: ["$savedAt", 600_000] } } }]);
  expect(await clean()).toBe(1);
  expect([await store.getDefinition("used"), await store.getDefinition("unused")]).toEqual(["{}", undefined]);
});

it("the version before reads the executions of this version", async () => {
  const { store, before } = newPair();
  await store.createExecution(newExecution("e1", { metadata: { a: "b" } }));
  expect(await before.readIds(0)).toHaveLength(1);
  expect(await before.commit(await before.head(), { id: "c1", payload: "{}" }, { status: "failed" })).toBe(true);
  expect(await store.getExecution("e1")).toMatchObject({ status: "failed", metadata: { a: "b" } });
});
