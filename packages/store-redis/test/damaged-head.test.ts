import { randomUUID } from "node:crypto";
import { Redis } from "ioredis";
import { expectHarmless, type HeadDamage } from "tooling/store-checks";
import { startOwnRedis } from "tooling/test-servers";
import { afterAll, describe, expect, it } from "vitest";
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

const headOf = (id: string) => keys.execution(id).head;

async function dump(id: string): Promise<string> {
  const { head, records } = keys.execution(id);
  return JSON.stringify(await Promise.all([head, records].map((key) => admin.dumpBuffer(key))));
}

async function expectHarmlessHere(damage: Omit<HeadDamage, "dump">): Promise<void> {
  await admin.flushdb();
  await expectHarmless(store, { dump, ...damage });
}

const TEXTS = ["workflowId", "userId", "owner", "definitionHash", "parentId", "initialId"];
const COUNTS = ["version", "token", "seq", "snapshotSeq", "firstSeq", "checkpointsCount", "currentStep", "totalSteps"];
const TIMES = ["leaseUntil", "wakeAt", "createdAt", "updatedAt", "endedAt"];
const STAMPS = ["born", "entry", "wake"];
const NUMBERS = ["", "garbage", "-1", "1.5", "9007199254740993", "1e99", "NaN", "\0", "\ud83d\ude00"];
const OPTIONAL = ["owner", "definitionHash", "parentId", "leaseUntil", "endedAt", "failure"];

const DAMAGED: [string, string[]][] = [
  ...TEXTS.map((name): [string, string[]] => [name, [""]]),
  ...COUNTS.map((name): [string, string[]] => [name, NUMBERS]),
  ...TIMES.map((name): [string, string[]] => [name, [...NUMBERS, "8640000000000001"]]),
  ...STAMPS.map((name): [string, string[]] => [name, NUMBERS]),
  ["status", ["", "banana", "Running", "1"]],
  ["failure", ["", "garbage", "null", "1", "[]", "{}", '{"code":1,"message":"x"}', "\0{"]],
];

describe.each(DAMAGED)("%s of one head", (name, values) => {
  const isEnded = name === "endedAt";

  it("that cannot be read affects no other execution", async () => {
    for (const value of values) {
      const apply = async (id: string) => void (await admin.hset(headOf(id), name, value));
      await expectHarmlessHere({ unreadable: name, isEnded, apply });
    }
  });

  it("that is missing affects no other execution", async () => {
    const apply = async (id: string) => void (await admin.hdel(headOf(id), name));
    const unreadable = OPTIONAL.includes(name) ? {} : { unreadable: name };
    await expectHarmlessHere({ ...unreadable, isEnded, apply });
  });

  it("that is another number, if it is a number, affects no other execution", async () => {
    // These fields decide the place of an execution in listings, so it cannot be checked.
    if (!COUNTS.includes(name)) return;
    for (const value of ["0", "3", "9007199254740991"]) {
      const apply = async (id: string) => void (await admin.hset(headOf(id), name, value));
      await expectHarmlessHere({ apply });
    }
  });
});

it.each(["string", "list", "zset"])("a %s in place of a head affects no other execution", async (type) => {
  const apply = async (id: string) => {
    await admin.del(headOf(id));
    if (type === "string") await admin.set(headOf(id), "text");
    else if (type === "list") await admin.rpush(headOf(id), "1", "2");
    else await admin.zadd(headOf(id), 1, "member");
  };
  await expectHarmlessHere({ unreadable: "status", apply });
});

it.each(["nothing", "string", "hash"])("%s in place of the records affects no other execution", async (type) => {
  const apply = async (id: string) => {
    const { records } = keys.execution(id);
    await admin.del(records);
    if (type === "string") await admin.set(records, "text");
    else if (type === "hash") await admin.hset(records, "1", "2");
  };
  await expectHarmlessHere({ apply });
});

it.each(["last", "void"])("a counter of tokens whose %s cannot be read affects no execution", async (field) => {
  for (const value of NUMBERS) {
    const apply = async (id: string) => void (await admin.hset(keys.execution(id).tokens, field, value));
    await expectHarmlessHere({ apply });
  }
});

it("entries of an index that are not the store's are ignored, and the listing ends", async () => {
  const members = ["", "\0", "e", "e\0", "\x001", "e\x001\x002", "e\x00x", "\0\0\0", "e\x001.2.3", "é\x009"];
  const scores = ["-inf", "+inf", "-1", "1.5", "0.1", "1e300", "1700000000000"];
  const apply = async () => {
    for (const key of [keys.allIndex, keys.wakeIndex, keys.statusIndex("running"), keys.userIndex("u1")]) {
      for (const score of scores) {
        for (const member of members) await admin.zadd(key, score, `${member}${score}`);
        await admin.zadd(
          key,
          score,
          Buffer.concat([Buffer.from([0xff, 0xc3]), Buffer.from(`\x001${scores.indexOf(score)}`)]),
        );
      }
    }
  };
  await expectHarmlessHere({ apply });
});

it("an index that was overwritten is reported at once as STATE_CORRUPT", async () => {
  const other = RedisCheckpointStore.from(admin, { keyPrefix: "index:" });
  await admin.set(new Keys("index:").allIndex, "text");
  await expect(other.listExecutions()).rejects.toMatchObject({ code: "STATE_CORRUPT" });
});
