import { randomUUID } from "node:crypto";
import type { CheckpointStore, ExecutionRecord, NewExecution, WorkflowStatus } from "@waymark/core";
import { type CommandStartedEvent, type Document, MongoClient } from "mongodb";
import { newCheckpoint, newCommit, newExecution } from "tooling/store-fixtures";
import { startOwnMongo } from "tooling/test-servers";
import { afterAll, expect, it } from "vitest";
import { MongoCheckpointStore, type MongoStoreOptions } from "../src/index.ts";
import { Stepper } from "./stepper.ts";

const server = await startOwnMongo();
const client = await new MongoClient(server.url, { monitorCommands: true }).connect();
// The shortest interval at which the server reads its TTL indexes, instead of a minute.
await client.db("admin").command({ setParameter: 1, ttlMonitorSleepSecs: 1 });
afterAll(async () => {
  await client.close();
  await server.stop();
});

const DAY = 24 * 3_600_000;
type Documents = Array<Document & { _id: string }>;

function newStore(options: MongoStoreOptions = { endedTtlMs: DAY }) {
  const collectionPrefix = `t${randomUUID().slice(0, 8)}_`;
  const open = (changed: MongoStoreOptions = {}) =>
    MongoCheckpointStore.from(client, { collectionPrefix, ...options, ...changed });
  const executions = client.db("waymark").collection<Document & { _id: string }>(`${collectionPrefix}executions`);
  return {
    store: open(),
    open,
    collectionPrefix,
    executions,
    documents: () => executions.find().sort({ _id: 1 }).toArray(),
  };
}

/** A checkpoint that is too large for the tail: it has a part of its own. */
const largeCheckpoint = (kind: "delta" | "snapshot" = "delta") =>
  newCheckpoint({ id: randomUUID(), kind, payload: JSON.stringify({ text: "x".repeat(10_000) }) });

/** Makes an execution that has ended: a head, an entry and three parts. */
async function endOne(store: CheckpointStore, id: string, status: WorkflowStatus = "failed"): Promise<ExecutionRecord> {
  const head = await store.createExecution(newExecution(id, { checkpoint: largeCheckpoint("snapshot") }));
  await store.commit(id, newCommit(head, { checkpoints: [largeCheckpoint()] }));
  await store.commit(id, newCommit({ ...head, version: 1 }, { checkpoints: [largeCheckpoint()], head: { status } }));
  return (await store.getExecution(id)) as ExecutionRecord;
}

/** An execution that has ended elsewhere, to be taken in. */
function newEnded(id: string, status: WorkflowStatus): NewExecution {
  const { owner: _owner, leaseMs: _leaseMs, ...ended } = newExecution(id, { status });
  return ended;
}

function claim(store: CheckpointStore, id: string): Promise<ExecutionRecord> {
  return store.claimExecution(id, { claimId: randomUUID(), owner: "next", leaseMs: 60_000, from: ["failed"] });
}

/** Changes the documents that will expire as if two days had passed. */
async function passTwoDays({ executions }: ReturnType<typeof newStore>, ...fields: string[]): Promise<void> {
  for (const field of fields) {
    const past = { [field]: { $subtract: [`$${field}`, 2 * DAY] } };
    await executions.updateMany({ [field]: { $exists: true } }, [{ $set: past }]);
  }
}

/** The names of the commands that some work sends. */
async function commandsOf(work: () => Promise<unknown>): Promise<string[]> {
  const names: string[] = [];
  const note = ({ commandName }: CommandStartedEvent) => names.push(commandName);
  client.on("commandStarted", note);
  await work();
  client.off("commandStarted", note);
  return names;
}

/** Returns the times at which the server will remove documents. */
const goingAt = (documents: Documents) => documents.map(({ forgetAt }) => forgetAt?.getTime());

it.each(["completed", "failed", "cancelled"] as const)(
  "the head and parts of a %s execution expire a day later",
  async (status) => {
    const { store, documents } = newStore();
    const { endedAt = 0 } = await endOne(store, "e1", status);
    const imported = await store.createExecution(newEnded("e2", status));
    const importedEnd = Number(imported.endedAt) + DAY;
    expect(goingAt(await documents())).toEqual([...Array(5).fill(endedAt + DAY), importedEnd, importedEnd]);
    for (const document of await documents()) expect(document).not.toHaveProperty("sweepingSince");
  },
);

it("an execution that has not ended or is claimed again is kept", async () => {
  const { store, documents } = newStore();
  const head = await store.createExecution(newExecution("e1"));
  await store.commit("e1", newCommit(head, { head: { status: "suspended" } }));
  await endOne(store, "e2");
  const claimed = await claim(store, "e2");
  await store.commit("e2", newCommit(claimed));
  expect(goingAt(await documents())).toEqual(Array(2 + 5).fill(undefined));
  expect(await store.readCheckpoints("e2")).toHaveLength(4);
  await store.commit("e2", newCommit({ ...claimed, version: 3 }, { head: { status: "failed" } }));
  const { endedAt = 0 } = (await store.getExecution("e2")) as ExecutionRecord;
  expect(goingAt((await documents()).slice(2))).toEqual(Array(5).fill(endedAt + DAY));
});

it("the server removes all documents of an execution that has expired, and no others", async () => {
  const made = newStore();
  const { store, executions } = made;
  await endOne(store, "gone");
  await endOne(store, "resumed");
  await claim(store, "resumed");
  const running = await store.createExecution(newExecution("running"));
  await store.commit("running", newCommit(running));
  await passTwoDays(made, "expiresAt", "forgetAt");
  await endOne(store, "later");
  const ofGone = { executionId: "gone" };
  await expect.poll(() => executions.countDocuments(ofGone), { timeout: 90_000, interval: 250 }).toBe(0);
  expect(await executions.countDocuments()).toBe(12);
  for (const id of ["resumed", "later"]) expect(await store.readCheckpoints(id)).toHaveLength(3);
});

it("an execution that has expired is not found even before the server removes it", async () => {
  const made = newStore();
  const { store } = made;
  const ended = await endOne(store, "e1");
  await passTwoDays(made, "expiresAt");
  expect(await store.getExecution("e1")).toBeUndefined();
  expect(await store.listExecutions()).toEqual({ items: [] });
  const notFound = { code: "EXECUTION_NOT_FOUND" };
  await expect(store.readCheckpoints("e1")).rejects.toMatchObject(notFound);
  await expect(claim(store, "e1")).rejects.toMatchObject(notFound);
  await expect(store.commit("e1", newCommit(ended))).rejects.toMatchObject(notFound);
  const again = await store.createExecution(newExecution("e1"));
  expect(again.token).toBeGreaterThan(ended.token);
  await expect(store.commit("e1", newCommit(ended))).rejects.toMatchObject({ code: "LEASE_LOST" });
  expect((await store.listExecutions()).items).toMatchObject([{ id: "e1", token: again.token }]);
});

it("a head that expires at once is kept, unseen, until no clock can produce its token again", async () => {
  const { store, open, documents } = newStore({ endedTtlMs: 1 });
  const { token } = await store.createExecution(newEnded("e1", "completed"));
  await expect.poll(() => open().getExecution("e1")).toBeUndefined();
  const [head] = await documents();
  expect(head).toMatchObject({ _id: "e1", forgetAt: new Date(token + 3_600_000) });
});

/** Removes a part, as the server does, or a person by hand. */
async function removePart({ executions }: ReturnType<typeof newStore>): Promise<void> {
  const isPart = { forgetAt: { $exists: true }, checkpointId: { $exists: true } };
  await executions.deleteOne({ executionId: "e1", seq: 1, ...isPart });
}

it("a claim of an execution that expires meanwhile is EXECUTION_NOT_FOUND and removes the rest", async () => {
  const own = newStore();
  await endOne(own.store, "e1");
  const stepper = new Stepper();
  const { client: stepping, run } = stepper.add("claimer", client, "waymark");
  const store = MongoCheckpointStore.from(stepping, { collectionPrefix: own.collectionPrefix, endedTtlMs: DAY });
  await store.setup();
  let claimed: Promise<ExecutionRecord> | undefined;
  run(async () => {
    claimed = claim(store, "e1");
    await claimed.catch(() => {});
  });
  for (let statements = 0; (await stepper.waiting()).length > 0; statements++) {
    // It has read the head and is about to keep the parts.
    if (statements === 2) {
      await removePart(own);
      await own.executions.updateOne({ _id: "e1" }, { $set: { expiresAt: 1 } });
    }
    stepper.go("claimer");
  }
  await expect(claimed).rejects.toMatchObject({ code: "EXECUTION_NOT_FOUND" });
  expect(await own.documents()).toMatchObject([{ _id: "e1", deletedBy: expect.any(String) }]);
});

it("a claim of an execution that lacks a part before its time is STATE_CORRUPT and deletes nothing", async () => {
  const own = newStore();
  await endOne(own.store, "e1");
  await removePart(own);
  const ids = (await own.documents()).map(({ _id }) => _id);
  await expect(claim(own.store, "e1")).rejects.toMatchObject({ code: "STATE_CORRUPT", executionId: "e1" });
  expect((await own.documents()).map(({ _id }) => _id)).toEqual(ids);
  expect(await own.store.getExecution("e1")).toMatchObject({ status: "failed", version: 2 });
  await own.open().setup();
  expect(await own.store.deleteExecutions([{ id: "e1" }])).toBe(1);
});

it.each([
  ["by the next store that opens", { endedTtlMs: DAY }],
  ["even without the option", { endedTtlMs: undefined }],
])("an expiry that was cut off is finished %s", async (_, options) => {
  const { store, open, executions, documents } = newStore();
  const { endedAt = 0 } = await endOne(store, "e1");
  const never = new Date("9999-01-01");
  await executions.updateOne(
    { _id: "e1" },
    { $set: { sweepingSince: 1, forgetAt: never }, $unset: { expiryEpoch: "" } },
  );
  await executions.updateMany({ seq: { $lt: 2 }, _id: { $ne: "e1" } }, { $unset: { forgetAt: "", expiryEpoch: "" } });
  await open(options as MongoStoreOptions).setup();
  expect(goingAt(await documents())).toEqual(Array(5).fill(endedAt + DAY));
  expect((await documents())[0]).not.toHaveProperty("sweepingSince");
});

it("an end succeeds in time even if its records cannot be marked; the next store marks them", async () => {
  const { store, open, executions, documents, collectionPrefix } = newStore();
  const head = await store.createExecution(newExecution("e1"));
  const stepper = new Stepper();
  const { client: stepping, run } = stepper.add("a", client, "waymark");
  const slow = MongoCheckpointStore.from(stepping, { collectionPrefix, endedTtlMs: DAY, timeoutMs: 3_000 });
  await slow.setup();
  const ended = new Promise<void>((resolve, reject) => {
    run(() => slow.commit("e1", newCommit(head, { head: { status: "failed" } })).then(resolve, reject));
  });
  for (const _ of ["read", "head"]) {
    await stepper.waiting();
    stepper.go("a");
  }
  await ended;
  const { endedAt = 0 } = (await store.getExecution("e1")) as ExecutionRecord;
  await executions.updateOne({ _id: "e1", sweepingSince: { $exists: true } }, { $set: { sweepingSince: 1 } });
  await open().setup();
  expect(goingAt(await documents())).toEqual(Array(2).fill(endedAt + DAY));
});

it("expiry costs three commands at the end of an execution, three at its claim, and none in between", async () => {
  const { store } = newStore();
  const head = await store.createExecution(newExecution("e1"));
  expect(await commandsOf(() => store.commit("e1", newCommit(head)))).toEqual(["update"]);
  const end = newCommit({ ...head, version: 1 }, { head: { status: "failed" } });
  expect(await commandsOf(() => store.commit("e1", end))).toEqual(["update", "findAndModify", "update", "update"]);
  expect(await commandsOf(() => claim(store, "e1"))).toEqual([
    ...["aggregate", "findAndModify", "update", "find", "findAndModify"],
  ]);
});

it("expiry costs no command if it is off", async () => {
  const { store, documents } = newStore({});
  const head = await store.createExecution(newExecution("e1"));
  expect(await commandsOf(() => store.commit("e1", newCommit(head)))).toEqual(["update"]);
  const end = newCommit({ ...head, version: 1 }, { head: { status: "failed" } });
  expect(await commandsOf(() => store.commit("e1", end))).toEqual(["update"]);
  for (const document of await documents()) {
    for (const field of ["forgetAt", "expiresAt", "expiryEpoch"]) expect(document).not.toHaveProperty(field);
  }
  expect(await commandsOf(() => claim(store, "e1"))).toEqual(["aggregate", "findAndModify"]);
  expect(await commandsOf(() => store.listExecutions())).toEqual(["find", "aggregate"]);
});
