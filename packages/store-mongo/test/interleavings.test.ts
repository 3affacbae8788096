import { type CheckpointStore, type ExecutionRecord, isWorkflowError, type NewCheckpoint } from "@waymark/core";
import { MemoryCheckpointStore } from "@waymark/store-memory";
import { MongoClient } from "mongodb";
import { newCheckpoint, newCommit, newExecution } from "tooling/store-fixtures";
import { startMongo } from "tooling/test-servers";
import { afterAll, describe, expect, it } from "vitest";
import { MongoCheckpointStore } from "../src/index.ts";
import { goThrough, tryEveryOrder } from "./every-order.ts";
import { Stepper } from "./stepper.ts";

const server = await startMongo();
const client = await new MongoClient(server.url).connect();
afterAll(async () => {
  await client.close();
  await server.stop();
});

const DATABASE = "interleavings";
const ID = "e";
const LARGE = JSON.stringify({ text: "x".repeat(10_000) });
/** The number of commits that fill a tail: the next one makes a segment. */
const FULL = 7;
/** The head that an actor has last seen. */
type Actor = { store: CheckpointStore; head: ExecutionRecord };
type Step = (actor: Actor, name: string) => Promise<unknown>;

const commit =
  (changes: Parameters<typeof newCommit>[1] = {}): Step =>
  async (actor, name) => {
    const { version, seq } = actor.head;
    const checkpoints = changes.checkpoints ?? [newCheckpoint({ id: `${name}-${version}` })];
    await actor.store.commit(ID, newCommit(actor.head, { commitId: `${name}-${version}`, ...changes, checkpoints }));
    actor.head = { ...actor.head, version: version + 1, seq: seq + checkpoints.length };
  };
/** Commits several records at once. */
const commitAll =
  (...some: Partial<NewCheckpoint>[]): Step =>
  (actor, name) =>
    commit({
      checkpoints: some.map((one, at) => newCheckpoint({ id: `${name}-${actor.head.version}-${at}`, ...one })),
    })(actor, name);
const commitHead: Step = async (actor, name) => {
  const { token, version } = actor.head;
  await actor.store.commit(ID, { commitId: `${name}-head-${version}`, token, version, head: { currentStep: 7 } });
  actor.head = { ...actor.head, version: version + 1 };
};
const snapshot: Step = (actor, name) =>
  commit({
    checkpoints: [newCheckpoint({ id: `${name}-s`, kind: "snapshot" })],
    dropBefore: actor.head.seq + 1,
  })(actor, name);
/** Commits a record, a snapshot and another record, and drops what is before the snapshot. */
const dropWithin: Step = (actor, name) => {
  const id = `${name}-${actor.head.version}`;
  const checkpoints = [
    newCheckpoint({ id: `${id}-0`, payload: LARGE }),
    newCheckpoint({ id: `${id}-1`, kind: "snapshot" }),
  ];
  checkpoints.push(newCheckpoint({ id: `${id}-2`, payload: LARGE }));
  return commit({ checkpoints, dropBefore: actor.head.seq + 2 })(actor, name);
};
const claim: Step = async (actor, name) => {
  const request = { claimId: `${name}-claim`, owner: name, leaseMs: 60_000, from: ["running" as const], force: true };
  actor.head = await actor.store.claimExecution(ID, request);
  return actor.head;
};
/** Too large for the tail: its record has a part of its own. */
const commitLarge = commitAll({ payload: LARGE });
/** Ends the execution, whatever commits are made meanwhile. */
const cancel: Step = async (actor, name) => {
  const request = { claimId: `${name}-cancel`, owner: name, leaseMs: 0, from: ["running" as const], force: true };
  actor.head = await actor.store.claimExecution(ID, { ...request, cancel: { code: "CANCELLED", message: name } });
  return actor.head;
};
const remove: Step = ({ store, head }) => store.deleteExecutions([{ id: ID, version: head.version }]);
const create: Step = async (actor, name) => {
  const checkpoint = newCheckpoint({ id: `${name}-initial`, kind: "snapshot" });
  actor.head = await actor.store.createExecution(newExecution(ID, { owner: name, checkpoint }));
  return actor.head;
};
const createLarge: Step = async (actor, name) => {
  const checkpoint = newCheckpoint({ id: `${name}-initial`, kind: "snapshot", payload: LARGE });
  actor.head = await actor.store.createExecution(newExecution(ID, { owner: name, checkpoint }));
  return actor.head;
};
const read: Step = async ({ store }) => (await store.readCheckpoints(ID)).map(({ id, seq }) => [seq, id]);

interface Scenario {
  title: string;
  /** The number of commits that were made before. Default: 0. */
  before?: number;
  a: Step[];
  b: Step[];
}

const SCENARIOS: Scenario[] = [
  { title: "an owner and one who takes over", a: [commit()], b: [claim, commit()] },
  { title: "one owner that commits twice at once", a: [commit()], b: [commit()] },
  {
    title: "a commit that is sent twice at once",
    a: [commit({ commitId: "same" })],
    b: [commit({ commitId: "same" })],
  },
  { title: "a commit with and one without a checkpoint", a: [commit()], b: [commitHead, commit()] },
  { title: "two that take over", a: [claim], b: [claim, commit()] },
  { title: "a snapshot that drops what was before, and a takeover", a: [snapshot], b: [claim, commit()] },
  { title: "a writer and a reader", a: [snapshot, commit()], b: [read] },
  { title: "a deletion", a: [commit()], b: [remove] },
  { title: "a deletion and a creation under the same id", a: [commit()], b: [remove, create, commit()] },
  { title: "two creations after a deletion", a: [remove, create], b: [create] },
  { title: "two that make a segment", before: FULL, a: [commit(), commit()], b: [claim, commit()] },
  { title: "a segment, and a snapshot that drops it", before: FULL, a: [commit()], b: [claim, snapshot] },
  { title: "a segment and a reader", before: FULL, a: [commit()], b: [read, read] },
  { title: "a segment and a deletion", before: FULL, a: [commit()], b: [remove, create] },
  { title: "large records of two owners", a: [commitLarge], b: [claim, commitLarge] },
  { title: "a large record that is sent twice at once", a: [commitLarge], b: [commitHead, commitLarge] },
  { title: "a large record, a segment and a takeover", before: FULL, a: [commitLarge], b: [claim, commitLarge] },
  { title: "large records, a deletion and a creation", a: [commitLarge], b: [remove, createLarge, commitLarge] },
  { title: "several records at once, and a takeover", a: [commitAll({}, {})], b: [claim, commitAll({}, {}, {})] },
  {
    title: "several records at once that are sent twice at once",
    a: [commitAll({}, {})].map(
      (step): Step =>
        (actor) =>
          step(actor, "same"),
    ),
    b: [commitAll({}, {})].map(
      (step): Step =>
        (actor) =>
          step(actor, "same"),
    ),
  },
  {
    title: "several records that make a segment, and the next commit",
    before: FULL,
    a: [commitAll({}, {}), commit()],
    b: [claim, commitAll({}, {})],
  },
  {
    title: "more records at once than a tail gathers",
    a: [commitAll(...Array(10).fill({})), commit()],
    b: [claim, commit()],
  },
  {
    title: "several large records at once of two owners",
    a: [commitAll({ payload: LARGE }, {}, { payload: LARGE })],
    b: [claim, commitAll({ payload: LARGE }, { payload: LARGE })],
  },
  {
    title: "several records at once that are sent twice, with parts of their own",
    a: [commitAll({ payload: LARGE }, {})].map(
      (step): Step =>
        (actor) =>
          step(actor, "same"),
    ),
    b: [commitAll({ payload: LARGE }, {})].map(
      (step): Step =>
        (actor) =>
          step(actor, "same"),
    ),
  },
  {
    title: "several records at once, a snapshot among them that drops what was before, and a reader",
    before: FULL,
    a: [dropWithin, commit()],
    b: [read, read],
  },
  { title: "a snapshot among several records, and a takeover", a: [dropWithin], b: [claim, dropWithin] },
  { title: "commits and a cancel", a: [commit(), commit()], b: [cancel] },
  { title: "commits of several records and a cancel", before: FULL, a: [commitAll({}, {}), commitLarge], b: [cancel] },
  { title: "a cancel and a takeover", a: [cancel], b: [claim, commit()] },
  { title: "two cancels", a: [cancel], b: [cancel] },
];

describe.each(SCENARIOS)("$title", (scenario) => {
  it("has the result of sequential calls in every order of statements, even with a crash anywhere", async () => {
    const allowed = await allowedOutcomes(scenario);
    const tried = await tryEveryOrder(async (path) => {
      const { outcome, choices } = await runOnServer(scenario, path);
      expect(allowed, `after ${choices.map(({ chosen }) => chosen).join(" ")}`).toContain(outcome);
      return choices;
    });
    expect(tried).toBeGreaterThan(5);
  });
});

async function runOnServer({ a, b, before = 0 }: Scenario, prefix: readonly number[]) {
  const options = { database: DATABASE, collectionPrefix: "all_", createIndexes: false };
  const plain = MongoCheckpointStore.from(client, options);
  await client.db(DATABASE).collection("all_executions").deleteMany({});
  const stepper = new Stepper();
  const actors = { a: stepper.add("a", client, DATABASE), b: stepper.add("b", client, DATABASE) };
  const head = await prepare(plain, before);
  const results: Record<string, unknown[]> = { a: [], b: [] };
  for (const [name, steps] of Object.entries({ a, b })) {
    const { client: stepping, run } = actors[name as "a" | "b"];
    const store = MongoCheckpointStore.from(stepping, options);
    await store.setup();
    run(() => perform({ store, head }, { name, steps, results: results[name] ?? [] }));
  }
  const choices = await goThrough(stepper, prefix);
  return { outcome: JSON.stringify([results.a, results.b, await after(plain)]), choices };
}

async function prepare(store: CheckpointStore, commits: number): Promise<ExecutionRecord> {
  const head = await store.createExecution(
    newExecution(ID, { checkpoint: newCheckpoint({ id: "0", kind: "snapshot" }) }),
  );
  for (let version = 0; version < commits; version++) {
    await store.commit(
      ID,
      newCommit({ ...head, version }, { checkpoints: [newCheckpoint({ id: `before-${version}` })] }),
    );
  }
  return { ...head, version: commits, seq: commits };
}

/** Every outcome of the calls one after another; the call in which an actor crashes has happened or has not. */
async function allowedOutcomes({ a, b, before = 0 }: Scenario): Promise<string[]> {
  const found = new Set<string>();
  for (const order of orders(a.length, b.length)) {
    for (const crashed of [undefined, "a", "b"]) {
      const length = crashed === "a" ? a.length : b.length;
      for (let at = 0; at < (crashed === undefined ? 1 : length); at++) {
        for (const happened of [true, false]) {
          found.add(await runOnModel({ a, b, before }, { order, crashed, at, happened }));
        }
      }
    }
  }
  return [...found];
}

async function runOnModel(
  { before, ...steps }: { a: Step[]; b: Step[]; before: number },
  { order, crashed, at, happened }: { order: string; crashed: string | undefined; at: number; happened: boolean },
): Promise<string> {
  const store = new MemoryCheckpointStore();
  const head = await prepare(store, before);
  const actors = {
    a: { store, head, results: [] as unknown[], next: 0 },
    b: { store, head, results: [] as unknown[], next: 0 },
  };
  for (const name of order as unknown as Iterable<"a" | "b">) {
    const actor = actors[name];
    const step = steps[name][actor.next] as Step;
    const isCrash = name === crashed && actor.next === at;
    actor.next += 1;
    if (name === crashed && actor.next > at + 1) continue;
    if (isCrash) {
      if (happened) await resultOf(() => step(actor, name));
      actor.results.push("crashed");
    } else {
      actor.results.push(await resultOf(() => step(actor, name)));
    }
  }
  return JSON.stringify([actors.a.results, actors.b.results, await after(store)]);
}

function orders(a: number, b: number): string[] {
  if (a === 0 && b === 0) return [""];
  return [
    ...(a > 0 ? orders(a - 1, b).map((rest) => `a${rest}`) : []),
    ...(b > 0 ? orders(a, b - 1).map((rest) => `b${rest}`) : []),
  ];
}

async function perform(actor: Actor, { name, steps, results }: { name: string; steps: Step[]; results: unknown[] }) {
  for (const step of steps) {
    const result = await resultOf(() => step(actor, name));
    results.push(result);
    if (result === "crashed") return;
  }
}

async function resultOf(work: () => Promise<unknown>): Promise<unknown> {
  try {
    const value = await work();
    return typeof value === "object" && value !== null && "version" in value
      ? viewOf(value as ExecutionRecord)
      : (value ?? "done");
  } catch (error) {
    if (isWorkflowError(error)) return error.message.includes("crashed") ? "crashed" : error.code;
    throw error;
  }
}

/** Checks what is left, and that the next owner can continue from it. */
async function after(store: CheckpointStore): Promise<unknown> {
  const head = await store.getExecution(ID);
  const listed = (await store.listExecutions()).items.map(({ version }) => version);
  if (head === undefined) return { listed };
  const records = (await store.readCheckpoints(ID)).map(({ id, seq }) => [seq, id]);
  const next = await store.claimExecution(ID, {
    claimId: "next",
    owner: "next",
    leaseMs: 0,
    from: ["running", "cancelled"],
    force: true,
  });
  await store.commit(ID, newCommit(next, { checkpoints: [newCheckpoint({ id: "next" })] }));
  const last = (await store.readCheckpoints(ID)).map(({ id, seq }) => [seq, id]);
  return { listed, head: viewOf(head), rose: next.token > head.token, records, last };
}

function viewOf(head: ExecutionRecord) {
  const { token: _token, createdAt: _created, updatedAt: _updated, readAt: _read, endedAt, leaseUntil, ...rest } = head;
  const times = { isHeld: leaseUntil !== undefined, hasEnded: endedAt !== undefined };
  return { ...Object.fromEntries(Object.entries(rest).sort()), ...times };
}
