import { randomUUID } from "node:crypto";
import { Redis } from "ioredis";
import { edited, expectSoundReads, forManyEdits, newHistory } from "tooling/store-checks";
import { startOwnRedis } from "tooling/test-servers";
import { afterAll, expect, it } from "vitest";
import { RedisCheckpointStore } from "../src/index.ts";
import { Keys } from "../src/keys.ts";

const server = await startOwnRedis({ settings: { appendonly: "no" } });
const admin = new Redis(server.url);
const keyPrefix = `${randomUUID()}:`;
const keys = new Keys(keyPrefix);
const store = RedisCheckpointStore.from(admin, { keyPrefix });
afterAll(async () => {
  await store.close();
  admin.disconnect();
  await server.stop();
});

async function writtenHistory() {
  const { id, records } = await newHistory(store);
  const { records: key } = keys.execution(id);
  return { id, key, lines: await admin.lrange(key, 0, -1), records };
}

async function put(key: string, lines: readonly string[]): Promise<void> {
  await admin.del(key);
  if (lines.length > 0) await admin.rpush(key, ...lines);
}

it("a record that was removed, added or moved is reported", async () => {
  const { id, key, lines, records } = await writtenHistory();
  for (let at = 0; at < lines.length; at++) {
    for (const damaged of [lines.toSpliced(at, 1), lines.toSpliced(at, 0, lines[at] as string), lines.slice(0, at)]) {
      await put(key, damaged);
      await expect(store.readCheckpoints(id, { from: 1, to: 2 })).rejects.toMatchObject({
        code: "STATE_CORRUPT",
        executionId: id,
      });
    }
  }
  await put(key, lines);
  expect(await store.readCheckpoints(id)).toEqual(records);
});

it("a field of a record that cannot be read is reported with the record's number", async () => {
  const { id, key, lines, records } = await writtenHistory();
  for (const [at, line] of lines.entries()) {
    const [header = "", payload = ""] = line.split("\n");
    for (const name of Object.keys(JSON.parse(header))) {
      for (const value of [undefined, null, {}, -1, 1e300, true]) {
        const damaged = JSON.stringify({ ...JSON.parse(header), [name]: value });
        await put(key, lines.with(at, `${damaged}\n${payload}`));
        const read = store.readCheckpoints(id, { from: at, limit: 1 });
        // Records of the version before have no visit.
        const mayBeAbsent = name === "error" || name === "visit";
        if (mayBeAbsent && (value === undefined || value === null)) expect(await read).toHaveLength(1);
        else await expect(read, damaged).rejects.toMatchObject({ code: "STATE_CORRUPT", details: { seq: at } });
      }
    }
  }
  await put(key, lines);
  expect(await store.readCheckpoints(id)).toEqual(records);
});

it("a read of a record whose text was changed returns the right record or rejects with a code", async () => {
  const { id, key, lines, records } = await writtenHistory();
  await forManyEdits(async (edit) => {
    const at = edit.which % lines.length;
    await put(key, lines.with(at, edited(lines[at] as string, edit)));
    await expectSoundReads(store, { id, records }, at);
  });
});
