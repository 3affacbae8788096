import { BSON, type CommandStartedEvent, type Document, MongoClient } from "mongodb";
import { newCheckpoint, newCommit, newExecution } from "tooling/store-fixtures";
import { startMongo } from "tooling/test-servers";
import { isThorough } from "tooling/thorough";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MongoCheckpointStore } from "../src/index.ts";

const CHECKPOINTS = isThorough ? 10_000 : 2_000;
const LAST = CHECKPOINTS - 1;
const HALF = CHECKPOINTS / 2;

const server = await startMongo();
const client = await new MongoClient(server.url, { monitorCommands: true }).connect();
afterAll(async () => {
  await client.close();
  await server.stop();
});
/** The commands that the store has sent. */
const sent: string[] = [];
client.on("commandStarted", ({ commandName }: CommandStartedEvent) => sent.push(commandName));

function open(collectionPrefix: string) {
  const store = MongoCheckpointStore.from(client, { database: "waymark", collectionPrefix });
  const documents = client.db("waymark").collection<{ _id: string } & Document>(`${collectionPrefix}executions`);
  return { store, documents };
}

describe("the largest payload", () => {
  const { store } = open("large_");
  const payload = "é".repeat(store.capabilities.maxPayloadBytes / 2);

  it("of 15 MiB is written and read back", async () => {
    const head = await store.createExecution(newExecution("e1"));
    await store.commit("e1", newCommit(head, { checkpoints: [newCheckpoint({ payload })] }));
    const [record] = await store.readCheckpoints("e1", { from: 1 });
    expect(Buffer.byteLength(payload)).toBe(15 * 1024 * 1024);
    expect(record?.payload === payload).toBe(true);
  });

  it("plus one byte is refused before anything is sent", async () => {
    const head = await store.createExecution(newExecution("e2"));
    const more = newCommit(head, { checkpoints: [newCheckpoint({ payload: `${payload}x` })] });
    sent.length = 0;
    await expect(store.commit("e2", more)).rejects.toMatchObject({ code: "PAYLOAD_TOO_LARGE" });
    const created = newExecution("e3", { checkpoint: newCheckpoint({ payload: `${payload}x`, kind: "snapshot" }) });
    await expect(store.createExecution(created)).rejects.toMatchObject({ code: "PAYLOAD_TOO_LARGE" });
    expect(sent).toEqual([]);
    expect(await store.getExecution("e2")).toMatchObject({ version: 0 });
  });
});

describe(`an execution of ${CHECKPOINTS} checkpoints`, () => {
  const { store, documents } = open("long_");
  const ids: string[] = [];

  beforeAll(async () => {
    const { token } = await store.createExecution(newExecution("e1"));
    for (let version = 0; version < CHECKPOINTS - 1; version++) {
      const request = newCommit({ token, version });
      await store.commit("e1", request);
      ids.push(String(request.checkpoints?.[0]?.id));
    }
  });

  it("is read as a whole in both orders", async () => {
    const records = await store.readCheckpoints("e1");
    expect(records.map(({ seq }) => seq)).toEqual(Array.from({ length: CHECKPOINTS }, (_, seq) => seq));
    expect(records.slice(1).map(({ id }) => id)).toEqual(ids);
    expect(await store.readCheckpoints("e1", { order: "desc" })).toEqual(records.reverse());
  });

  it.each<[range: { from?: number; to?: number; limit?: number; order?: "asc" | "desc" }, first: number, last: number]>(
    [
      [{ from: 321, to: 325 }, 321, 325],
      [{ from: LAST - 9 }, LAST - 9, LAST],
      [{ to: 3 }, 0, 3],
      [{ from: HALF, limit: 100 }, HALF, HALF + 99],
      [{ to: HALF, limit: 100, order: "desc" }, HALF, HALF - 99],
      [{ limit: 1, order: "desc" }, LAST, LAST],
    ],
  )("is read in the range %j", async (range, first, last) => {
    const step = first <= last ? 1 : -1;
    const expected = Array.from({ length: Math.abs(last - first) + 1 }, (_, index) => first + step * index);
    const records = await store.readCheckpoints("e1", range);
    expect(records.map(({ seq }) => seq)).toEqual(expected);
    expect(records.map(({ id }) => id).filter((_, index) => (expected[index] ?? 0) > 0)).toEqual(
      expected.filter((seq) => seq > 0).map((seq) => ids[seq - 1]),
    );
  });

  it("has a small head and few documents", async () => {
    const head = (await documents.findOne({ _id: "e1" })) ?? expect.unreachable();
    // The largest head that the README states: 700 bytes, and eight checkpoints of 300 bytes and their payloads.
    expect(head.tail).toHaveLength(8);
    const payloads = 8 * newCheckpoint().payload.length;
    expect(BSON.calculateObjectSize(head)).toBeLessThan(700 + 8 * 300 + payloads);
    // The head, the entry, and a segment for each eight checkpoints that are in the head no more.
    expect(await documents.countDocuments()).toBe(2 + CHECKPOINTS / 8 - 1);
  });
});
