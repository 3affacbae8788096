import { randomUUID } from "node:crypto";
import { type CheckpointStore, defineStore } from "@waymark/core/store";
import { Redis } from "ioredis";
import { newCommit, newExecution } from "tooling/store-fixtures";
import { startRedis } from "tooling/test-servers";
import { afterAll, expect, it } from "vitest";
import { RedisCheckpointStore } from "../src/index.ts";
import { DEFINITION_FORGET } from "../src/index-scripts.ts";
import { Keys } from "../src/keys.ts";
import type { RedisClient } from "../src/redis-client.ts";
import { RedisDriver } from "../src/redis-driver.ts";

const server = await startRedis();
const client = new Redis(server.url);
afterAll(async () => {
  client.disconnect();
  await server.stop();
});

const OLDER = { olderThanMs: 600_000 };

function newStore() {
  const keyPrefix = `${randomUUID()}:`;
  const { definitionIndex } = new Keys(keyPrefix);
  const open = (by: RedisClient = client): CheckpointStore =>
    defineStore(
      RedisCheckpointStore.capabilities,
      new RedisDriver({ client: by, owned: false, options: { keyPrefix } }),
    );
  const age = async () => {
    for (const hash of await client.zrange(definitionIndex, "0", "-1")) {
      await client.zincrby(definitionIndex, -OLDER.olderThanMs, hash);
    }
  };
  const left = async () => (await client.zrange(definitionIndex, "0", "-1")).toSorted();
  return { store: open(), open, age, left };
}

type Step = "forget" | "read" | "unlink" | "look";

/** The client, but that something is done before each step of a deletion of one kind. */
function interrupted(at: Step, interrupt: () => Promise<unknown>): RedisClient {
  const before = async <T>(step: Step, send: () => Promise<T>) => {
    if (step === at) await interrupt();
    return send();
  };
  const own = {
    unlink: (key: string) => before("unlink", () => client.unlink(key)),
    zscore: (key: string, member: string) => before("look", () => client.zscore(key, member)),
    evalsha: (...args: [string, number, ...string[]]) => before(stepOf(args), () => client.evalsha(...args)),
  };
  return new Proxy(client, {
    get: (target, name) => {
      const value: unknown = Reflect.get(own, name) ?? Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

function stepOf([sha1, , key]: [string, number, ...string[]]): Step {
  if (sha1 === DEFINITION_FORGET.sha1) return "forget";
  return key?.includes(":definition:") ? "read" : ("" as Step);
}

it.each<Step>(["read", "forget", "unlink", "look"])(
  "a definition that is saved again while it is deleted is kept (before the step %s)",
  async (step) => {
    const { store, open, age, left } = newStore();
    await store.saveDefinition("again", '{"a":1}');
    await age();
    const deleter = open(interrupted(step, () => store.saveDefinition("again", '{"a":1}')));
    expect(await deleter.deleteUnusedDefinitions(OLDER)).toBe(0);
    expect(await store.getDefinition("again")).toBe('{"a":1}');
    expect(await left()).toEqual(["again"]);
    await age();
    expect(await store.deleteUnusedDefinitions(OLDER)).toBe(1);
    expect(await store.getDefinition("again")).toBeUndefined();
  },
);

it("unused definitions are found among many that executions name", async () => {
  const { store, age, left } = newStore();
  const numbers = Array.from({ length: 2_100 }, (_, n) => n);
  await Promise.all(numbers.map((n) => store.createExecution(newExecution(`e${n}`, { definitionHash: `h${n % 7}` }))));
  for (let n = 0; n < 10; n++) await store.saveDefinition(`h${n}`, "{}");
  const head = (await store.getExecution("e2099")) ?? expect.unreachable();
  await store.commit("e2099", newCommit(head, { head: { definitionHash: "h8" } }));
  await age();
  await store.saveDefinition("h9", "{}");
  expect(await store.deleteUnusedDefinitions(OLDER)).toBe(1);
  expect(await left()).toEqual(["h0", "h1", "h2", "h3", "h4", "h5", "h6", "h8", "h9"]);
  await store.deleteExecutions([{ id: "e2099" }]);
  expect(await store.deleteUnusedDefinitions(OLDER)).toBe(1);
  expect(await store.getDefinition("h8")).toBeUndefined();
});
