import {
  type CheckpointStore,
  defineStore,
  type ExecutionRecord,
  type ListExecutionsOptions,
  type WorkflowStatus,
} from "@waymark/core/store";
import { Redis } from "ioredis";
import { startOwnRedis } from "tooling/test-servers";
import { afterAll, expect, it } from "vitest";
import * as executionScripts from "../src/execution-scripts.ts";
import { RedisCheckpointStore } from "../src/index.ts";
import * as indexScripts from "../src/index-scripts.ts";
import { Keys } from "../src/keys.ts";
import type { RedisClient } from "../src/redis-client.ts";
import { RedisDriver } from "../src/redis-driver.ts";
import {
  type Call,
  claim,
  commit,
  create,
  describeHead,
  ID,
  type Knowledge,
  outcomeOf,
  remove,
} from "./interleavings/actors.ts";
import { exploreAll, Schedule } from "./interleavings/explore.ts";
import { allowed, isAllowed, type Observation } from "./interleavings/model.ts";

/** A store whose listings call off a creation at once, as they otherwise do after a minute. */
function storeOn(on: RedisClient): CheckpointStore {
  return defineStore(
    RedisCheckpointStore.capabilities,
    new RedisDriver({ client: on, owned: false, options: {}, unbornGraceMs: -1 }),
  );
}

const STATUSES: WorkflowStatus[] = ["pending", "running", "suspended", "completed", "failed", "cancelled"];
const server = await startOwnRedis({ settings: { appendonly: "no" } });
const client = new Redis(server.url);
for (const { source } of Object.values({ ...executionScripts, ...indexScripts })) await client.script("LOAD", source);
afterAll(async () => {
  client.disconnect();
  await server.stop();
});

interface Scenario {
  prepare: Call;
  actors: Record<string, readonly Call[]>;
  /** What somebody lists meanwhile. */
  lists?: ListExecutionsOptions;
  mayCrash?: readonly string[];
}

const nothing: Call = async () => {};
const scenarios: Record<string, Scenario> = {
  "two creations": {
    prepare: nothing,
    actors: { a: [create("wa")], b: [create("wb")] },
    mayCrash: ["a", "b"],
  },
  "a creation, and a listing that calls it off": {
    prepare: nothing,
    actors: { a: [create("wa")] },
    lists: {},
    mayCrash: ["a"],
  },
  "two claims of one that has failed": {
    prepare: create("w", "failed"),
    actors: { a: [claim("a")], b: [claim("b")] },
    mayCrash: ["a", "b"],
  },
  "a claim of one that has failed, and a listing": {
    prepare: create("w", "failed"),
    actors: { a: [claim("a"), commit("failed")] },
    lists: { status: STATUSES },
  },
  "an old owner that ends it, and a new one that does": {
    prepare: create("w"),
    actors: { a: [commit("completed")], b: [claim("b"), commit("failed")] },
    mayCrash: ["a", "b"],
  },
  "an end and a listing": {
    prepare: create("w"),
    actors: { a: [commit("completed")], b: [claim("b")] },
    lists: { status: ["running", "completed"] },
    mayCrash: ["a"],
  },
  "one that falls asleep, a claim that wakes it, and a listing of what is due": {
    prepare: create("w"),
    actors: { a: [commit("suspended", { wakeAt: 1 })], b: [claim("b")] },
    lists: { due: true },
    mayCrash: ["a", "b"],
  },
  "a time to wake that is set, cleared and set anew, and one that somebody else sets": {
    prepare: create("w"),
    actors: {
      a: [commit("running", { wakeAt: 1 }), commit("running", { wakeAt: null }), commit("running", { wakeAt: 1 })],
      b: [commit("running", { wakeAt: 1 })],
    },
    mayCrash: ["a"],
  },
  "one that is due, deleted and created anew, and a listing of what is due": {
    prepare: create("w", "pending", { wakeAt: 1 }),
    actors: { a: [remove, create("wa", "pending", { wakeAt: 1 })] },
    lists: { due: true },
    mayCrash: ["a"],
  },
  "a deletion, a creation anew, and an old owner that ends it": {
    prepare: create("w"),
    actors: { a: [remove, create("wa")], b: [commit("completed")] },
    mayCrash: ["a", "b"],
  },
  "a deletion, a creation anew, and a listing": {
    prepare: create("w"),
    actors: { a: [remove, create("wa")] },
    lists: {},
  },
  "a claim that comes before or after a deletion and a creation anew": {
    prepare: create("w", "failed"),
    actors: { a: [remove, create("wa", "failed")], b: [claim("b")] },
    mayCrash: ["b"],
  },
};

for (const [title, scenario] of Object.entries(scenarios)) {
  it(`${title}: every interleaving that is tried is one of the model's`, async () => {
    const models = new Map<string | undefined, Observation[]>();
    for (const crashed of [undefined, ...(scenario.mayCrash ?? [])]) {
      models.set(crashed, await allowed(scenario.prepare, scenario.actors, crashed));
    }
    const runs = await exploreAll((decide) => runOnce(scenario, models, decide), { limit: 1_500, seed: 2026 });
    expect(runs).toBeGreaterThan(30);
  });
}

async function runOnce(
  { prepare, actors, lists, mayCrash = [] }: Scenario,
  models: ReadonlyMap<string | undefined, Observation[]>,
  decide: (choices: number) => number,
): Promise<void> {
  await client.flushdb();
  const reader = storeOn(client);
  const prepared: Knowledge = {};
  await prepare(reader, prepared);
  const schedule = new Schedule({ server: client, decide, mayCrash });
  const outcomes: Record<string, (string | undefined)[]> = {};
  for (const [name, calls] of Object.entries(actors)) {
    const done: (string | undefined)[] = calls.map(() => undefined);
    outcomes[name] = done;
    const store = storeOn(schedule.clientOf(name));
    const knowledge = { ...prepared };
    void (async () => {
      for (const [at, call] of calls.entries()) done[at] = await outcomeOf(call(store, knowledge));
    })();
  }
  let listed: string[] | undefined;
  if (lists !== undefined) {
    const lister = storeOn(schedule.clientOf("lister"));
    void lister.listExecutions(lists).then(({ items }) => {
      listed = items.map(({ id, token }) => `${id}:${token}`);
    });
  }
  await schedule.run();

  const head = await reader.getExecution(ID);
  const seen = { outcomes, head: JSON.stringify(describeHead(head)) };
  const where = `after ${schedule.trace.join(", ")}: ${JSON.stringify(seen)}`;
  expect(isAllowed(seen, models.get(schedule.crashed) ?? []), where).toBe(true);
  if (lists !== undefined) {
    expect(listed?.length, where).toBeLessThanOrEqual(1);
    // What was there all the time is listed, whatever became of it.
    const isMeant = lists.due !== true || (prepared.head?.wakeAt !== undefined && isAtRest(prepared.head.status));
    if (
      isMeant &&
      prepared.head !== undefined &&
      head?.createdAt === prepared.head.createdAt &&
      head.workflowId === "w"
    ) {
      expect(listed, where).toHaveLength(1);
    }
  }
  await expectIndexed(reader, where);
}

/** Every listing shows what is there; and then the indexes hold that, and nothing else. */
async function expectIndexed(reader: CheckpointStore, where: string): Promise<void> {
  const head = await reader.getExecution(ID);
  const filters: ListExecutionsOptions[] = [
    {},
    ...STATUSES.map((status) => ({ status })),
    ...["w", "wa", "wb"].map((workflowId) => ({ workflowId })),
    { userId: "u1" },
    { due: true },
  ];
  const pages = await Promise.all(filters.map((filter) => reader.listExecutions(filter)));
  for (const [at, filter] of filters.entries()) {
    const items = pages[at]?.items;
    const { status, workflowId, due } = filter;
    const fits =
      head !== undefined &&
      (status === undefined || status === head.status) &&
      (due === undefined || (head.wakeAt !== undefined && isAtRest(head.status))) &&
      (workflowId === undefined || workflowId === head.workflowId);
    expect(items?.map(withoutReading), `${where}, listed by ${JSON.stringify(filter)}`).toEqual(
      fits ? [withoutReading(head)] : [],
    );
  }
  await reader.close();
  const entries: string[] = [];
  for (const key of await client.keys("*{index}*")) {
    for (const member of await client.zrange(key, "0", "-1")) {
      // Whoever died between the two steps of a commit on this very head leaves an entry until the head changes.
      const prepared = [`${ID}\0${head?.token}.${head?.version}`, `${ID}\0${head?.token}.9007199254740991`];
      const mayYetBe = /:status:|:wake$|:due$/.test(key) && prepared.includes(member);
      // Nobody looks at a lease before its end may have come.
      if (!mayYetBe && !key.endsWith(":lease")) entries.push(key.slice(key.indexOf("}") + 2));
    }
  }
  const expected = head === undefined ? [] : ["all", `status:${head.status}`, "user:u1", `workflow:${head.workflowId}`];
  if (head?.wakeAt !== undefined) expected.push("wake", "due");
  if (head?.status === "running") {
    const { entry = "" } = await client.hgetall(new Keys("waymark:").execution(ID).head);
    expect(await client.zscore(new Keys("waymark:").leaseIndex, `${ID}\0${entry}`), where).not.toBeNull();
  }
  expect(entries.sort(), where).toEqual(expected.sort());
}

function isAtRest(status: WorkflowStatus): boolean {
  return status === "pending" || status === "suspended";
}

function withoutReading({ readAt: _readAt, ...head }: ExecutionRecord): object {
  return head;
}
