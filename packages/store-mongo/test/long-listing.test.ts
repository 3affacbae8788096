import { encodeCursor, isEnded, type ListExecutionsOptions, type WorkflowStatus } from "@waymark/core/store";
import { type CommandStartedEvent, type Document, MongoClient } from "mongodb";
import { newExecution } from "tooling/store-fixtures";
import { startMongo } from "tooling/test-servers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { entryId } from "../src/documents.ts";
import { MongoCheckpointStore } from "../src/index.ts";

const FEW = 10_000;
const EXECUTIONS = 100_000;
const BULK = 10_000;
const STATUSES: WorkflowStatus[] = ["pending", "running", "suspended", "completed", "failed", "cancelled"];
/** Not for a long time. What is over ended between 1,000 and 2,000. */
const FUTURE = 8_000_000_000_000;

const server = await startMongo();
const client = await new MongoClient(server.url, { monitorCommands: true }).connect();
afterAll(async () => {
  await client.close();
  await server.stop();
});
/** The commands that the store has sent. */
const sent: string[] = [];
client.on("commandStarted", ({ commandName }: CommandStartedEvent) => sent.push(commandName));
const store = MongoCheckpointStore.from(client, { database: "waymark" });
const documents = client.db("waymark").collection<Document & { _id: string }>("waymark_executions");

/** The fields that distinguish the executions of this test. */
interface Row {
  id: string;
  /** Ten are of each millisecond. */
  createdAt: number;
  workflowId: string;
  userId: string;
  status: WorkflowStatus;
  leaseUntil?: number;
  /** Absent if a process of the version before has claimed it. */
  leaseBound?: number;
  wakeAt?: number;
  parentId?: string;
}

function row(n: number): Row {
  const id = `e${String(n).padStart(6, "0")}`;
  const made: Row = {
    id,
    createdAt: Math.floor(n / 10),
    workflowId: `w${n % 50}`,
    userId: `u${n % 1_000}`,
    status: n % 20 === 3 ? "failed" : n % 20 === 7 ? "cancelled" : "completed",
  };
  // In another order than they were created in, some at the same time.
  const waits = (n % 2_000) / 1_000 < 1 ? 1_000 + ((n * 7) % 11_000) / 100 : FUTURE;
  if (n % 1_000 === 0) return { ...made, status: "running", leaseUntil: Math.floor(waits), ...boundOf(n) };
  if (n % 1_000 === 1) return { ...made, status: "suspended", wakeAt: Math.floor(waits) };
  if (n % 1_000 === 2) return { ...made, status: "pending", wakeAt: Math.floor(waits) };
  // Claimed, or ended, before a commit took the time away.
  if (n % 1_000 === 5) return { ...made, wakeAt: 1_000 };
  return n % 1_000 === 4 ? { ...made, parentId: "p1" } : made;
}

/** A lower bound of when the lease ends: for most it is early, for some it is not there. */
function boundOf(n: number): { leaseBound?: number } {
  return n % 7_000 === 0 ? {} : { leaseBound: 500 + ((n / 1_000) % 5) };
}

const rows = Array.from({ length: EXECUTIONS }, (_, n) => row(n));

/** Writes many executions as the store writes one, of which it has made an example for each status. */
async function insert(examples: Map<WorkflowStatus, Example>, some: readonly Row[]): Promise<void> {
  for (let start = 0; start < some.length; start += BULK) {
    const made = some.slice(start, start + BULK).flatMap((one) => {
      const { head, entry } = examples.get(one.status) ?? expect.unreachable();
      const { id, createdAt, status, leaseUntil, leaseBound, wakeAt, ...listed } = one;
      const incarnation = `life of ${id}`;
      const both = { executionId: id, id, incarnation, ...listed };
      const times = { leaseUntil, leaseBound, wakeAt, ...(isEnded(status) && { endedAt: createdAt }) };
      const kept = { ...head, ...both, ...times, _id: id, createdAt, bornAt: createdAt, updatedAt: createdAt };
      return [
        Object.fromEntries(Object.entries(kept).filter(([, value]) => value !== undefined)) as typeof kept,
        { ...entry, ...both, _id: entryId(id, incarnation), listedAt: createdAt },
      ];
    });
    await documents.insertMany(made, { ordered: false });
  }
}

interface Example {
  head: Document;
  entry: Document;
}

async function exampleOf(status: WorkflowStatus): Promise<Example> {
  const isRunning = status === "running";
  const { owner, leaseMs, ...execution } = newExecution(`example-${status}`, { status });
  const { id } = execution;
  await store.createExecution(isRunning ? { ...execution, owner: "o1", leaseMs: 60_000 } : execution);
  const [head, entry] = await documents.find({ executionId: id }).sort({ _id: 1 }).toArray();
  await documents.deleteMany({ executionId: id });
  return { head: head ?? expect.unreachable(), entry: entry ?? expect.unreachable() };
}

/** Returns the rows of a listing, in order. */
function expected({ status, order = "desc", ...options }: ListExecutionsOptions, of: readonly Row[]): Row[] {
  const statuses = status === undefined ? STATUSES : [status].flat();
  const { workflowId, userId, parentId, leaseExpired = false, due = false, topLevel = false } = options;
  const { createdAfter = -1, createdBefore = FUTURE, endedAfter = -1 } = options;
  const found = of.filter(
    (one) =>
      statuses.includes(one.status) &&
      (workflowId === undefined || one.workflowId === workflowId) &&
      (userId === undefined || one.userId === userId) &&
      (parentId === undefined || one.parentId === parentId) &&
      one.createdAt < createdBefore &&
      one.createdAt > createdAfter &&
      (!topLevel || one.parentId === undefined) &&
      (endedAfter === -1 || (isEnded(one.status) && one.createdAt > endedAfter)) &&
      (!leaseExpired || (one.status === "running" && Number(one.leaseUntil) < FUTURE)) &&
      (!due || (["pending", "suspended"].includes(one.status) && Number(one.wakeAt) < FUTURE)),
  );
  if (leaseExpired || due) return found.sort((a, b) => timeOf(a) - timeOf(b));
  return order === "asc" ? found : found.reverse();
}

const timeOf = ({ leaseUntil, wakeAt }: Row) => Number(leaseUntil ?? wakeAt);

const idsOf = (some: readonly { id: string }[]) => some.map(({ id }) => id);

type Case = [name: string, options: ListExecutionsOptions];
const CASES: Case[] = [
  ["everything", {}],
  ["oldest first", { order: "asc" }],
  ["created before", { createdBefore: 500 }],
  ["by workflow", { workflowId: "w7" }],
  ["by user", { userId: "u7" }],
  ["by workflow and user", { workflowId: "w4", userId: "u4" }],
  ["by parent", { parentId: "p1" }],
  ["by a status that most have", { status: "completed" }],
  ["by a status that some have", { status: "failed" }],
  ["by a status that few have", { status: "running" }],
  ["by a status of a workflow", { status: "failed", workflowId: "w3", limit: 50 }],
  ["by several statuses that some have", { status: ["failed", "cancelled"] }],
  ["by no status", { status: [] }],
  ["created after", { createdAfter: 500 }],
  ["created after and before, oldest first", { createdAfter: 20, createdBefore: 30, order: "asc" }],
  ["ended after", { endedAfter: 600, createdAfter: 500 }],
  ["without a parent", { topLevel: true, workflowId: "w4" }],
  ["lapsed leases", { leaseExpired: true }],
  ["lapsed leases of a workflow", { leaseExpired: true, workflowId: "w0" }],
  ["what is due", { due: true }],
  ["what is due and suspended, of a workflow", { due: true, status: "suspended", workflowId: "w1" }],
];

/** The time that a listing is ordered by. */
const sortKeyOf = ({ due, leaseExpired }: ListExecutionsOptions) =>
  due === true ? ("wakeAt" as const) : leaseExpired === true ? ("leaseUntil" as const) : ("createdAt" as const);

describe(`a listing of ${EXECUTIONS} executions`, () => {
  /** The number of commands that the first page took while there were few executions. */
  const commandsOfFew = new Map<string, number>();

  async function firstPage(options: ListExecutionsOptions) {
    sent.length = 0;
    const page = await store.listExecutions(options);
    return { ids: idsOf(page.items), hasMore: page.nextCursor !== undefined, commands: sent.length };
  }

  beforeAll(async () => {
    const examples = new Map<WorkflowStatus, Example>();
    for (const status of STATUSES) examples.set(status, await exampleOf(status));
    await insert(examples, rows.slice(0, FEW));
    for (const [name, options] of CASES) commandsOfFew.set(name, (await firstPage(options)).commands);
    await insert(examples, rows.slice(FEW));
  });

  it.each(CASES)("returns the right rows with as many commands as for a tenth of them: %s", async (name, options) => {
    const matching = idsOf(expected(options, rows));
    const { ids, hasMore, commands } = await firstPage(options);
    const { limit = 100 } = options;
    expect(ids).toEqual(matching.slice(0, limit));
    expect(hasMore).toBe(matching.length > limit);
    expect(commands).toBeLessThanOrEqual(commandsOfFew.get(name) ?? 0);
  });

  it.each(CASES.filter(([, { status }]) => !Array.isArray(status) || status.length > 0))(
    "continues from the middle: %s",
    async (_name, options) => {
      const matching = expected(options, rows);
      const middle = matching[Math.floor(matching.length / 2)] ?? expect.unreachable();
      const sortBy = sortKeyOf(options);
      const cursor = encodeCursor(sortBy, { time: Number(middle[sortBy]), id: middle.id });
      const page = await store.listExecutions({ ...options, cursor, limit: 20 });
      const from = matching.indexOf(middle) + 1;
      expect(idsOf(page.items)).toEqual(idsOf(matching.slice(from, from + 20)));
    },
  );

  it.each<Case>([
    ["by workflow", { workflowId: "w3", limit: 250 }],
    ["by user, oldest first", { userId: "u9", limit: 7, order: "asc" }],
    ["by status", { status: "running", limit: 9 }],
    ["by status of a workflow", { status: "failed", workflowId: "w3", limit: 300 }],
    ["what is due", { due: true, limit: 6 }],
    ["lapsed leases", { leaseExpired: true, limit: 6 }],
    ["by parent", { parentId: "p1", limit: 13 }],
  ])("walks all pages, each row once: %s", async (_name, options) => {
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await store.listExecutions({ ...options, ...(cursor && { cursor }) });
      seen.push(...idsOf(page.items));
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    expect(seen).toEqual(idsOf(expected(options, rows)));
  });
});
