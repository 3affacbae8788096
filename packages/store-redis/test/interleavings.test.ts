import { type CheckpointStore, defineStore, type ListExecutionsOptions } from "@waymark/core/store";
import { Redis } from "ioredis";
import { startOwnRedis } from "tooling/test-servers";
import { isThorough } from "tooling/thorough";
import { afterAll, expect, it } from "vitest";
import * as executionScripts from "../src/execution-scripts.ts";
import { RedisCheckpointStore } from "../src/index.ts";
import * as indexScripts from "../src/index-scripts.ts";
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
  putBack,
  recover,
  remove,
} from "./interleavings/actors.ts";
import { expectIndexed, isAtRest, PREFIX, STATUSES } from "./interleavings/expect-indexed.ts";
import { exploreAll, exploreSome, Schedule } from "./interleavings/explore.ts";
import { allowed, isAllowed, type Observation } from "./interleavings/model.ts";
import * as scriptsOfBefore from "./version-before/scripts.ts";
import { StoreOfBefore } from "./version-before/store-of-before.ts";

/**
 * A store whose listings call off a creation at once, as they otherwise do after a minute, and, if a process of the version
 * before is about, complete the indexes each time.
 */
function storeOn(on: RedisClient, withBefore: boolean): CheckpointStore {
  const times = { unbornGraceMs: -1, completeEveryMs: withBefore ? 0 : 3_600_000 };
  const driver = new RedisDriver({ client: on, owned: false, options: { keyPrefix: PREFIX }, ...times });
  return defineStore(RedisCheckpointStore.capabilities, driver);
}

/** A store of the version before, as far as calls and listings here need it. */
function storeOfBefore(on: RedisClient): CheckpointStore {
  return new StoreOfBefore(on, PREFIX) as unknown as CheckpointStore;
}

const server = await startOwnRedis({ settings: { appendonly: "no" } });
const client = new Redis(server.url);
for (const scripts of [executionScripts, indexScripts, scriptsOfBefore]) {
  for (const { source } of Object.values(scripts)) await client.script("LOAD", source);
}
afterAll(async () => {
  client.disconnect();
  await server.stop();
});

interface Scenario {
  prepare: Call;
  actors: Record<string, readonly Call[]>;
  /** The listing that the lister reads meanwhile. */
  lists?: ListExecutionsOptions;
  mayCrash?: readonly string[];
  /** What happens also depends on the milliseconds that pass. */
  isTimed?: boolean;
  /** The actors, "lister" or "prepare" that run the version before. */
  before?: readonly string[];
}

/** Where a scenario has more orders: how many of them run one after the other, and how many that are drawn. */
const LIMIT = Number(process.env.INTERLEAVINGS ?? (isThorough ? 500 : 40));

const nothing: Call = async () => {};
const scenarios: Record<string, Scenario> = {
  "two creations": {
    prepare: nothing,
    actors: { a: [create("wa")], b: [create("wb")] },
    mayCrash: ["a", "b"],
  },
  "a creation, and a listing that cancels it": {
    prepare: nothing,
    actors: { a: [create("wa")] },
    lists: {},
    mayCrash: ["a"],
  },
  "two claims of a failed execution": {
    prepare: create("w", "failed"),
    actors: { a: [claim("a")], b: [claim("b")] },
    mayCrash: ["a", "b"],
  },
  "a claim of a failed execution, and a listing": {
    prepare: create("w", "failed"),
    actors: { a: [claim("a"), commit("failed")] },
    lists: { status: STATUSES },
  },
  "an old owner and a new one that end the execution": {
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
  "a suspension, a claim that ends it, and a listing of due executions": {
    prepare: create("w"),
    actors: { a: [commit("suspended", { wakeAt: 1 })], b: [claim("b")] },
    lists: { due: true },
    mayCrash: ["a", "b"],
  },
  "a wakeAt that is set, cleared and set again, and one that another owner sets": {
    prepare: create("w"),
    actors: {
      a: [commit("running", { wakeAt: 1 }), commit("running", { wakeAt: null }), commit("running", { wakeAt: 1 })],
      b: [commit("running", { wakeAt: 1 })],
    },
    mayCrash: ["a"],
  },
  "a due execution that is deleted and created again, and a listing of due executions": {
    prepare: create("w", "pending", { wakeAt: 1 }),
    actors: { a: [remove, create("wa", "pending", { wakeAt: 1 })] },
    lists: { due: true },
    mayCrash: ["a"],
  },
  "a deletion, a second creation, and an old owner that ends the execution": {
    prepare: create("w"),
    actors: { a: [remove, create("wa")], b: [commit("completed")] },
    mayCrash: ["a", "b"],
  },
  "a deletion, a second creation, and a listing": {
    prepare: create("w"),
    actors: { a: [remove, create("wa")] },
    lists: {},
  },
  "a claim before or after a deletion and a second creation": {
    prepare: create("w", "failed"),
    actors: { a: [remove, create("wa", "failed")], b: [claim("b")] },
    mayCrash: ["b"],
  },
  "two recoveries of an execution whose lease has lapsed, and a listing of such": {
    prepare: create("w", "running", { leaseMs: 0 }),
    actors: { a: [recover("a")], b: [recover("b")] },
    lists: { leaseExpired: true },
    mayCrash: ["a"],
    isTimed: true,
  },
  "a recovery that gives the execution back, and a listing of lapsed leases": {
    prepare: create("w", "running", { leaseMs: 0 }),
    actors: { a: [recover("a"), putBack] },
    lists: { leaseExpired: true },
    mayCrash: ["a"],
    isTimed: true,
  },
  "two creations, one by the version before": {
    prepare: nothing,
    actors: { a: [create("wa")], b: [create("wb")] },
    mayCrash: ["a", "b"],
    before: ["a"],
  },
  "a claim by the version before, one by this version, and the listing by the version before": {
    prepare: create("w", "failed"),
    actors: { a: [claim("a")], b: [claim("b")] },
    lists: { status: STATUSES },
    before: ["prepare", "a", "lister"],
  },
  "an owner of the version before that ends the execution, and a claim": {
    prepare: create("w"),
    actors: { a: [commit("completed")], b: [claim("b"), commit("failed")] },
    mayCrash: ["a", "b"],
    before: ["prepare", "a"],
  },
  "an owner that ends the execution, and a claim by the version before": {
    prepare: create("w"),
    actors: { a: [commit("completed")], b: [claim("b"), commit("failed")] },
    mayCrash: ["a", "b"],
    before: ["b"],
  },
  "a suspension by the version before, a claim that ends it, and a listing of due executions": {
    prepare: create("w"),
    actors: { a: [commit("suspended", { wakeAt: 1 })], b: [claim("b")] },
    lists: { due: true },
    mayCrash: ["a", "b"],
    before: ["prepare", "a"],
  },
  "a suspension, a claim that ends it, and a listing of due executions by the version before": {
    prepare: create("w"),
    actors: { a: [commit("suspended", { wakeAt: 1 })], b: [claim("b")] },
    lists: { status: STATUSES },
    before: ["lister"],
  },
  "a due execution that the version before deletes and creates again, and a listing of due executions": {
    prepare: create("w", "pending", { wakeAt: 1 }),
    actors: { a: [remove, create("wa", "pending", { wakeAt: 1 })] },
    lists: { due: true },
    mayCrash: ["a"],
    before: ["prepare", "a"],
  },
};

for (const [title, scenario] of Object.entries(scenarios)) {
  it(`${title}: every interleaving has a result of the model`, async () => {
    const models = new Map<string | undefined, Observation[]>();
    for (const crashed of [undefined, ...(scenario.mayCrash ?? [])]) {
      models.set(crashed, await allowed(scenario.prepare, scenario.actors, crashed));
    }
    const once = (decide: (choices: number) => number) => runOnce(scenario, models, decide);
    const runs =
      scenario.isTimed === true
        ? await exploreSome(once, LIMIT, 2026)
        : await exploreAll(once, { limit: LIMIT, seed: 2026 });
    expect(runs).toBeGreaterThan(30);
  });
}

async function runOnce(
  { prepare, actors, lists, mayCrash = [], before = [] }: Scenario,
  models: ReadonlyMap<string | undefined, Observation[]>,
  decide: (choices: number) => number,
): Promise<void> {
  await client.flushdb();
  const withBefore = before.length > 0;
  const storeFor = (name: string, on: RedisClient) =>
    before.includes(name) ? storeOfBefore(on) : storeOn(on, withBefore);
  const reader = storeOn(client, withBefore);
  const prepared: Knowledge = {};
  await prepare(storeFor("prepare", client), prepared);
  const schedule = new Schedule({ server: client, decide, mayCrash });
  const outcomes: Record<string, (string | undefined)[]> = {};
  for (const [name, calls] of Object.entries(actors)) {
    const done: (string | undefined)[] = calls.map(() => undefined);
    outcomes[name] = done;
    const store = storeFor(name, schedule.clientOf(name));
    const knowledge = { ...prepared };
    void (async () => {
      for (const [at, call] of calls.entries()) done[at] = await outcomeOf(call(store, knowledge));
    })();
  }
  let listed: string[] | undefined;
  if (lists !== undefined) {
    const lister = storeFor("lister", schedule.clientOf("lister"));
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
    // An execution that existed throughout is listed, whatever has happened to it.
    // A lease that has lapsed may be claimed before it is listed.
    const isMeant =
      lists.leaseExpired !== true &&
      (lists.due !== true || (prepared.head?.wakeAt !== undefined && isAtRest(prepared.head.status)));
    if (
      isMeant &&
      prepared.head !== undefined &&
      head?.createdAt === prepared.head.createdAt &&
      head.workflowId === "w"
    ) {
      expect(listed, where).toHaveLength(1);
    }
  }
  await expectIndexed(client, { reader, where, withBefore });
}
