import { type Document, MongoClient } from "mongodb";
import { edited, expectSoundReads, forManyEdits, newHistory } from "tooling/store-checks";
import { startMongo } from "tooling/test-servers";
import { afterAll, expect, it } from "vitest";
import { MongoCheckpointStore } from "../src/index.ts";

/** Not of the history; and an error that is null is none. */
const KEPT = ["_id", "executionId", "token", "errorJson"];

type Kept = Document & { _id: string };

const server = await startMongo();
const client = await new MongoClient(server.url).connect();
const executions = client.db("waymark").collection<Kept>("history_executions");
const store = MongoCheckpointStore.from(client, { database: "waymark", collectionPrefix: "history_" });
afterAll(async () => {
  await client.close();
  await server.stop();
});

/** A history whose records are in the tail, in a segment, and some in documents of their own. */
async function writtenHistory() {
  const history = await newHistory(store, ['{"set":{"a":1}}', "y".repeat(5_000), "z".repeat(9_000)]);
  const documents = await executions.find({ executionId: history.id }).toArray();
  const head = documents.find(({ _id }) => _id === history.id) ?? expect.unreachable();
  // The entry has nothing of the history.
  const parts = documents.filter((each) => each !== head && each.listedAt === undefined);
  expect(parts.some(({ records }) => records !== undefined)).toBe(true);
  expect(parts.some(({ checkpointId }) => checkpointId !== undefined)).toBe(true);
  return { history, head, parts };
}

async function put(document: Kept): Promise<void> {
  await executions.replaceOne({ _id: document._id }, document);
}

it("a part that was removed is reported at once as STATE_CORRUPT", async () => {
  const { history, parts } = await writtenHistory();
  for (const part of parts) {
    await executions.deleteOne({ _id: part._id });
    await expect(store.readCheckpoints(history.id)).rejects.toMatchObject({
      code: "STATE_CORRUPT",
      executionId: history.id,
    });
    await executions.insertOne(part);
  }
  expect(await store.readCheckpoints(history.id)).toEqual(history.records);
});

it("a field of a part or a record that is missing or of another type is reported", async () => {
  const { history, head, parts } = await writtenHistory();
  const damaged: Kept[] = [];
  for (const part of parts) {
    const names = Object.keys(part).filter((name) => !KEPT.includes(name));
    for (const name of names) for (const value of [null, -1, {}, [], [null]]) damaged.push({ ...part, [name]: value });
  }
  for (const holder of [head, ...parts]) {
    const field = holder === head ? "tail" : "records";
    for (const [at, record] of ((holder[field] ?? []) as Document[]).entries()) {
      for (const name of Object.keys(record)) {
        for (const value of name === "errorJson" ? [-1, {}] : [null, -1, {}]) {
          const records = (holder[field] as Document[]).with(at, { ...record, [name]: value });
          damaged.push({ ...holder, [field]: records });
        }
      }
    }
  }
  expect(damaged.length).toBeGreaterThan(100);
  for (const each of damaged) {
    await put(each);
    // A record that is not reported must be unchanged.
    await expectSoundReads(store, history);
    await put([head, ...parts].find(({ _id }) => _id === each._id) as Kept);
  }
  expect(await store.readCheckpoints(history.id)).toEqual(history.records);
});

it("a read of a record whose text was changed returns the right record or rejects with a code", async () => {
  const { history, head } = await writtenHistory();
  const tail = head.tail as Document[];
  const texts = tail.flatMap((record, at) =>
    Object.entries(record).flatMap(([name, value]) => (typeof value === "string" ? [{ at, name, value }] : [])),
  );
  await forManyEdits(async (edit) => {
    const { at, name, value } = texts[edit.which % texts.length] as (typeof texts)[number];
    await put({ ...head, tail: tail.with(at, { ...tail[at], [name]: edited(value, edit) }) });
    await expectSoundReads(store, history, tail[at]?.seq as number);
  });
});

it("a definition that is no text is reported", async () => {
  const definitions = client.db("waymark").collection<Kept>("history_definitions");
  await store.saveDefinition("h", "{}");
  for (const json of [5, null, { a: 1 }]) {
    await definitions.updateOne({ _id: "h" }, { $set: { json } });
    await expect(store.getDefinition("h")).rejects.toMatchObject({ code: "STATE_CORRUPT" });
  }
});
