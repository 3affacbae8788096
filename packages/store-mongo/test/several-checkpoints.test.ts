import { randomUUID } from "node:crypto";
import { type CommandStartedEvent, type Document, MongoClient } from "mongodb";
import { newCheckpoint, newCommit, newExecution } from "tooling/store-fixtures";
import { startMongo } from "tooling/test-servers";
import { afterAll, expect, it } from "vitest";
import { MongoCheckpointStore } from "../src/index.ts";

const server = await startMongo();
const client = await new MongoClient(server.url, { monitorCommands: true }).connect();
afterAll(async () => {
  await client.close();
  await server.stop();
});
/** The statements that were sent, by command. */
const sent: Document[][] = [];
client.on("commandStarted", ({ command }: CommandStartedEvent) => sent.push(command.updates ?? [command]));

const LARGE = "x".repeat(9_000);

async function newRunning() {
  const collectionPrefix = `m${randomUUID().slice(0, 8)}_`;
  const store = MongoCheckpointStore.from(client, { database: "waymark", collectionPrefix });
  const documents = client.db("waymark").collection<Document & { _id: string }>(`${collectionPrefix}executions`);
  const head = await store.createExecution(newExecution("e1"));
  const commit = async (version: number, payloads: string[], changes = {}) => {
    const checkpoints = payloads.map((payload) => newCheckpoint({ payload }));
    sent.length = 0;
    await store.commit("e1", newCommit({ ...head, version }, { checkpoints, ...changes }));
    return checkpoints.map(({ id }) => id);
  };
  const idsOf = async () => (await store.readCheckpoints("e1", { from: 1 })).map(({ id }) => id);
  return { store, documents, head, commit, idsOf };
}

it("a commit of a hundred small records is one statement on one document", async () => {
  const { documents, commit, idsOf } = await newRunning();
  const ids = await commit(0, Array(100).fill("{}"));
  // The initial snapshot leaves the tail: it has no room for both.
  expect(sent.map((statements) => statements.length)).toEqual([2]);
  expect(await documents.findOne({ _id: "e1" })).toMatchObject({ seq: 100, version: 1, checkpointsCount: 100 });
  expect(await idsOf()).toEqual(ids);
});

it("a commit of a few records is one statement and makes no other document", async () => {
  const { documents, commit, idsOf } = await newRunning();
  const ids = [...(await commit(0, ["{}", "{}", "{}"])), ...(await commit(1, Array(4).fill("{}")))];
  expect(sent.map((statements) => statements.length)).toEqual([1]);
  expect(await documents.countDocuments()).toBe(2);
  expect((await documents.findOne({ _id: "e1" }))?.tail).toHaveLength(8);
  expect(await idsOf()).toEqual(ids);
});

it("the records of a large commit leave the tail with the next commit, in its command", async () => {
  const { documents, commit, idsOf } = await newRunning();
  const ids = [...(await commit(0, Array(100).fill("{}"))), ...(await commit(1, ["{}"]))];
  expect(sent.map((statements) => statements.length)).toEqual([3]);
  const segments = await documents.find({ records: { $exists: true } }).toArray();
  expect(segments.map(({ records }) => records.length)).toEqual([1, 64, 36]);
  expect((await documents.findOne({ _id: "e1" }))?.tail).toHaveLength(1);
  expect(await idsOf()).toEqual(ids);
});

it("records that the head has no room for get documents of their own, in the same command", async () => {
  const { documents, commit, idsOf } = await newRunning();
  const ids = await commit(0, [LARGE, "{}", "y".repeat(5_000), "z".repeat(5_000), "{}"]);
  expect(sent).toHaveLength(1);
  const parts = await documents.find({ checkpointId: { $exists: true } }).toArray();
  expect(parts.map(({ seq }) => seq)).toEqual([1, 4]);
  expect(await idsOf()).toEqual(ids);
});

it("a commit that exceeds a command is sent in several, with the head in the last", async () => {
  const { store, commit, idsOf } = await newRunning();
  const payload = "x".repeat(store.capabilities.maxPayloadBytes);
  const ids = await commit(0, [payload, payload, "{}", payload, payload]);
  expect(sent.map((statements) => statements.at(-1)?.q._id === "e1")).toEqual([false, false, false, false, true]);
  expect(await idsOf()).toEqual(ids);
});

it("a refused commit leaves none of its documents", async () => {
  const { head, documents, commit, idsOf } = await newRunning();
  const other = MongoCheckpointStore.from(client, {
    database: "waymark",
    collectionPrefix: documents.collectionName.replace(/executions$/, ""),
  });
  const ids = await commit(0, [LARGE, "{}"]);
  await other.commit("e1", newCommit({ ...head, version: 1 }));
  const before = await documents.find().toArray();
  // It does not know of the other commit, and sends its own at once.
  await expect(commit(1, [LARGE, "{}", LARGE])).rejects.toMatchObject({ code: "VERSION_CONFLICT" });
  expect(await documents.find().toArray()).toEqual(before);
  expect((await idsOf()).slice(0, 2)).toEqual(ids);
});

it("a record that its own commit drops is not written", async () => {
  const { store, head, documents, idsOf } = await newRunning();
  const checkpoints = [
    ...[newCheckpoint({ payload: LARGE }), newCheckpoint({ kind: "snapshot", payload: LARGE })],
    ...[newCheckpoint(), newCheckpoint({ kind: "save" })],
  ];
  await store.commit("e1", newCommit(head, { checkpoints, dropBefore: 2 }));
  expect(await store.getExecution("e1")).toMatchObject({ firstSeq: 2, snapshotSeq: 2, seq: 4, checkpointsCount: 3 });
  expect(await documents.countDocuments({ checkpointId: { $exists: true } })).toBe(1);
  expect(await idsOf()).toEqual(checkpoints.slice(1).map(({ id }) => id));
});
