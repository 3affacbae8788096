import { type CheckpointStore, type ExecutionRecord, isWorkflowError, type WorkflowStatus } from "@waymark/core";
import { type Document, MongoClient } from "mongodb";
import { newCheckpoint, newCommit as newSmallCommit, newExecution as newSmallExecution } from "tooling/store-fixtures";
import { startMongo } from "tooling/test-servers";
import { afterAll, describe, expect, it } from "vitest";
import { MongoCheckpointStore } from "../src/index.ts";
import { goThrough, tryEveryOrder } from "./every-order.ts";
import { Stepper } from "./stepper.ts";

/*
 * The server may remove what has a `forgetAt` at any moment, one document after the other: here it does so whatever the
 * time is, which is more than a server does whose clock is right. In every order, and with a crash anywhere:
 *
 *   - what is running has every record that it counts, and none that the server may remove;
 *   - once the cut off is finished, nothing of an ended execution is left that the server does not remove.
 */

const server = await startMongo();
const client = await new MongoClient(server.url).connect();
afterAll(async () => {
  await client.close();
  await server.stop();
});

/** Records that are too large for the tail: each has a part of its own. */
const payload = JSON.stringify({ text: "x".repeat(10_000) });
const newCommit: typeof newSmallCommit = (head, changes) =>
  newSmallCommit(head, { checkpoints: [newCheckpoint({ payload })], ...changes });
const newExecution: typeof newSmallExecution = (id, changes) =>
  newSmallExecution(id, { checkpoint: newCheckpoint({ kind: "snapshot", payload }), ...changes });

const DATABASE = "expiry";
const ID = "e";
const OPTIONS = { database: DATABASE, collectionPrefix: "all_", createIndexes: false, endedTtlMs: 3_600_000 };
const executions = client.db(DATABASE).collection<Document & { _id: string }>("all_executions");
const NEVER = new Date("9999-01-01");
const MAY_GO = { $lt: NEVER };

/** An actor: a store whose statements wait for their turn, the client beneath, and the head that it knows. */
type Actor = { name: string; store: MongoCheckpointStore; client: MongoClient; head: ExecutionRecord };
type Step = (actor: Actor) => Promise<unknown>;

const end: Step = async ({ store, head }) => {
  await store.commit(ID, newCommit(head, { head: { status: "failed" } }));
};
const endHead: Step = ({ store, head: { token, version } }) =>
  store.commit(ID, { commitId: "end", token, version, head: { status: "cancelled" } });
// Not a large one: who makes a part for nothing and dies before it removes it leaves it, expiry or not.
const commit: Step = ({ store, head }) => store.commit(ID, newSmallCommit(head));
const endSmall: Step = ({ store, head }) => store.commit(ID, newSmallCommit(head, { head: { status: "completed" } }));
const claim = ({ name, store }: Actor): Promise<ExecutionRecord> =>
  store.claimExecution(ID, { claimId: `${name}-claim`, owner: name, leaseMs: 60_000, from: ["failed"] });
const claimCancelled: Step = async ({ name, store }) => {
  const request = { claimId: `${name}-next`, owner: name, leaseMs: 60_000, from: ["cancelled" as const] };
  await store.commit(ID, newCommit(await store.claimExecution(ID, request)));
};
const claimAndCommit: Step = async (actor) => actor.store.commit(ID, newCommit(await claim(actor)));
const claimAndEnd: Step = async (actor) =>
  actor.store.commit(ID, newCommit(await claim(actor), { head: { status: "completed" } }));
const cancelFrom =
  (status: WorkflowStatus): Step =>
  ({ name, store }) => {
    const cancel = { code: "CANCELLED", message: "m" };
    const request = { claimId: `${name}-cancel`, owner: name, leaseMs: 0, from: [status], force: true, cancel };
    return store.claimExecution(ID, request);
  };
const remove =
  (version: number): Step =>
  ({ store }) =>
    store.deleteExecutions([{ id: ID, version }]);
const create: Step = ({ store }) => store.createExecution(newExecution(ID));
/** Opens a store that finds an expiry that seems cut off. */
const finish: Step = async (actor) => {
  await actor.client.db(DATABASE).command({ update: "all_executions", updates: [cutOffLongAgo] });
  await MongoCheckpointStore.from(actor.client, OPTIONS).setup();
};
const cutOffLongAgo = { q: { sweepingSince: { $exists: true } }, u: { $set: { sweepingSince: 1 } } };
/** The server, as it removes one document after the other. */
const expire =
  (direction: 1 | -1): Step =>
  async ({ client }) => {
    const db = client.db(DATABASE);
    const found = db.collection("all_executions").find({ forgetAt: MAY_GO }, { sort: { _id: direction } });
    for (const { _id } of await found.toArray()) {
      await db.command({ delete: "all_executions", deletes: [{ q: { _id, forgetAt: MAY_GO }, limit: 1 }] });
    }
  };

interface Scenario {
  title: string;
  /** True if the execution has ended before. */
  hasEnded: boolean;
  actors: Step[][];
}

const SCENARIOS: Scenario[] = [
  { title: "an end and a claim", hasEnded: false, actors: [[end], [claimAndCommit]] },
  { title: "an end, and a finisher that comes too early", hasEnded: false, actors: [[end], [finish]] },
  { title: "an end, a finisher and a claim", hasEnded: false, actors: [[end], [finish, claimAndCommit]] },
  { title: "an end, a claim and another end", hasEnded: false, actors: [[end], [claimAndEnd]] },
  { title: "an end and another commit of the same owner", hasEnded: false, actors: [[end], [commit]] },
  { title: "an end and deletions", hasEnded: false, actors: [[endHead], [remove(1), remove(2), create]] },
  { title: "a claim and a deletion", hasEnded: true, actors: [[claim], [remove(2), create]] },
  { title: "a claim while parts go, then the head", hasEnded: true, actors: [[claimAndCommit], [expire(-1)]] },
  { title: "a claim while the head goes, then parts", hasEnded: true, actors: [[claimAndCommit], [expire(1)]] },
  { title: "two claims", hasEnded: true, actors: [[claimAndCommit], [claimAndCommit]] },
  { title: "a claim and a finisher", hasEnded: true, actors: [[claimAndCommit], [finish]] },
  { title: "a claim, a finisher and the server", hasEnded: true, actors: [[claimAndCommit], [finish, expire(-1)]] },
  { title: "a creation while what was there goes", hasEnded: true, actors: [[create], [expire(-1)]] },
  {
    title: "a cancel amid a commit, and a claim",
    hasEnded: false,
    actors: [[commit], [cancelFrom("running"), claimCancelled]],
  },
  { title: "a cancel and an end", hasEnded: false, actors: [[endSmall], [cancelFrom("running")]] },
  {
    title: "a cancel of what has ended while parts go",
    hasEnded: true,
    actors: [[cancelFrom("failed")], [expire(-1)]],
  },
  {
    title: "a cancel of what has ended, and a claim",
    hasEnded: true,
    actors: [[cancelFrom("failed")], [claimAndCommit]],
  },
  { title: "an end while parts go", hasEnded: false, actors: [[end], [expire(-1), expire(-1)]] },
  { title: "an end while parts go, and a claim", hasEnded: false, actors: [[end], [expire(-1)], [claimAndCommit]] },
];

describe.each(SCENARIOS)("$title", (scenario) => {
  it("removes no record of a running execution, and all records of an ended one", async () => {
    const tried = await tryEveryOrder(async (path) => {
      const { choices, failures } = await run(scenario, path);
      expect(failures, `after ${choices.map(({ chosen }) => chosen).join(" ")}`).toEqual([]);
      return choices;
    });
    expect(tried).toBeGreaterThan(5);
  });
});

async function run({ hasEnded, actors }: Scenario, path: readonly number[]) {
  await executions.deleteMany({});
  const plain = MongoCheckpointStore.from(client, OPTIONS);
  const head = await plain.createExecution(newExecution(ID));
  const { incarnation } = (await executions.findOne({ _id: ID })) as Document;
  await plain.commit(ID, newCommit(head));
  head.version = 1;
  if (hasEnded) {
    await plain.commit(ID, newCommit(head, { head: { status: "failed" } }));
    head.version = 2;
  }
  const stepper = new Stepper();
  const failures: unknown[] = [];
  for (const [index, steps] of actors.entries()) {
    const name = `actor${index}`;
    const { client: stepping, run } = stepper.add(name, client, DATABASE);
    const store = MongoCheckpointStore.from(stepping, OPTIONS);
    await store.setup();
    run(() => perform({ name, store, client: stepping, head }, steps, failures));
  }
  const choices = await goThrough(stepper, path);
  failures.push(...(await faultsOf(plain, incarnation)));
  return { choices, failures };
}

/** Checks that a race ends in refusals, but none of them because the execution kept changing. */
async function perform(actor: Actor, steps: Step[], failures: unknown[]): Promise<void> {
  for (const step of steps) {
    try {
      await step(actor);
    } catch (error) {
      if (String(error).includes("crashed")) return;
      if (!isWorkflowError(error) || error.code === "STORE_UNAVAILABLE") failures.push(error);
    }
  }
}

/** Lists what is wrong with the documents that are left, before and after an expiry that was cut off is finished. */
async function faultsOf(store: CheckpointStore, incarnation: string): Promise<string[]> {
  const faults = await faultsOfRunning(store);
  await executions.updateMany(cutOffLongAgo.q, cutOffLongAgo.u);
  await MongoCheckpointStore.from(client, OPTIONS).setup();
  const head = await executions.findOne({ _id: ID });
  if (head?.sweepingSince !== undefined) faults.push("something is unfinished");
  const isRunning = head?.status === "running";
  if (head !== null && isRunning === head.forgetAt < NEVER) faults.push(`the ${head.status} head may go, or may not`);
  if (isRunning && head.incarnation === incarnation) return [...faults, ...(await faultsOfRunning(store))];
  // Only of what was there at first: a creation that is cut off leaves its entry and its snapshot, expiry or not.
  const records = await executions.find({ _id: { $regex: incarnation } }).toArray();
  const lasting = records.filter(({ forgetAt }) => forgetAt === undefined);
  return [...faults, ...lasting.map(({ seq }) => `record ${seq} is left for ever`)];
}

async function faultsOfRunning(store: CheckpointStore): Promise<string[]> {
  const head = await store.getExecution(ID);
  if (head?.status !== "running") return [];
  const { incarnation, tail } = (await executions.findOne({ _id: ID })) as Document;
  const needed: string[] = tail.flatMap(({ large }: Document) => large ?? []);
  const found = await executions.find({ _id: { $regex: incarnation }, listedAt: { $exists: true } }).toArray();
  found.push(...(await executions.find({ _id: { $in: needed } }).toArray()));
  const faults = found.filter(({ forgetAt }) => forgetAt !== undefined).map(({ seq }) => `record ${seq} may go`);
  if (found.length !== 1 + needed.length)
    faults.push(`of an entry and ${needed.length} parts ${found.length} are there`);
  const records = await store.readCheckpoints(ID);
  if (records.length !== head.seq + 1) faults.push(`of ${head.seq + 1} records ${records.length} are there`);
  if (faults.length > 0) return faults;
  const claimId = `claim-${head.version}`;
  const request = { claimId, owner: "next", leaseMs: 60_000, from: ["running" as const], force: true };
  await store.commit(ID, newCommit(await store.claimExecution(ID, request)));
  return [];
}
