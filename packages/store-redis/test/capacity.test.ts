import type { ExecutionRecord, ListExecutionsOptions, NewExecution } from "@waymark/core";
import { compareIds, encodeCursor } from "@waymark/core/store";
import { Redis } from "ioredis";
import { newExecution } from "tooling/store-fixtures";
import { startOwnRedis } from "tooling/test-servers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RedisCheckpointStore } from "../src/index.ts";
import { type Calls, callsOf, callsUntilNow, figureOf } from "./server-work.ts";

const FEW = 1_000;
const MANY = 100_000;
const PAGE = 20;
const ORDERS = ["asc", "desc"] as const;

// Its own, so that it counts no other client's commands.
const server = await startOwnRedis({ settings: { appendonly: "no" } });
const admin = new Redis(server.url);
const store = await RedisCheckpointStore.connect({
  url: server.url,
  // Commands of one moment are sent together, so that the executions take seconds and not minutes.
  options: { enableAutoPipelining: true },
  timeoutMs: 60_000,
});
afterAll(async () => {
  await store.close();
  admin.disconnect();
  await server.stop();
});

const idOf = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;
const PARENT = idOf(1);

/** The nth execution. As many are alive among the few as among the many: what grows is what has ended. */
function nth(n: number): NewExecution {
  const { owner: _owner, leaseMs: _leaseMs, ...rest } = newExecution(idOf(n));
  const execution: NewExecution = { ...rest, workflowId: `w${n % 20}`, userId: `u${n % 25}` };
  if (n % 10 === 0) execution.parentId = PARENT;
  const ended: NewExecution = { ...execution, status: n % 4 === 0 ? "failed" : "completed" };
  if (n >= FEW) return ended;
  const isHalf = n % 16 < 8;
  if (n % 8 === 0) return { ...execution, status: "running", owner: "o1", leaseMs: isHalf ? 0 : 86_400_000 };
  if (n % 8 === 1) return { ...execution, status: "pending", wakeAt: isHalf ? 1 : 8.64e15 };
  if (n % 8 === 2) return { ...execution, status: "suspended" };
  return ended;
}

const all: ExecutionRecord[] = [];

async function createUpTo(count: number, atOnce: number): Promise<void> {
  while (all.length < count) {
    const numbers = Array.from({ length: atOnce }, (_, at) => all.length + at);
    all.push(...(await Promise.all(numbers.map((n) => store.createExecution(nth(n))))));
  }
}

interface Listing {
  name: string;
  /** The time that it is ordered by, if that is not the creation; then it goes one way only. */
  sortBy?: "wakeAt" | "leaseUntil";
  options: ListExecutionsOptions;
  matches: (record: ExecutionRecord) => boolean;
}

const LISTINGS: Listing[] = [
  { name: "everything", options: {}, matches: () => true },
  { name: "by workflow", options: { workflowId: "w7" }, matches: ({ workflowId }) => workflowId === "w7" },
  { name: "by user", options: { userId: "u7" }, matches: ({ userId }) => userId === "u7" },
  { name: "by status", options: { status: "failed" }, matches: ({ status }) => status === "failed" },
  {
    name: "by several statuses",
    options: { status: ["failed", "pending", "running"] },
    matches: ({ status }) => status === "failed" || status === "pending" || status === "running",
  },
  { name: "by parent", options: { parentId: PARENT }, matches: ({ parentId }) => parentId === PARENT },
  {
    name: "lapsed leases",
    options: { leaseExpired: true },
    sortBy: "leaseUntil",
    matches: ({ leaseUntil, createdAt }) => leaseUntil === createdAt,
  },
  {
    name: "what is due, of what waits",
    options: { due: true, status: ["pending", "suspended"] },
    sortBy: "wakeAt",
    matches: ({ wakeAt }) => wakeAt === 1,
  },
  { name: "what is due", options: { due: true }, sortBy: "wakeAt", matches: ({ wakeAt }) => wakeAt === 1 },
];

/** Those and, when there are executions, one that needs to know when they were created. */
function listings(): Listing[] {
  const { createdAt: time } = all[FEW / 2] as ExecutionRecord;
  const options = { createdBefore: time };
  return [...LISTINGS, { name: "created before", options, matches: ({ createdAt }) => createdAt < time }];
}

/** The orders that a listing can have, as options. */
function ordersOf({ sortBy }: Listing): ["asc" | "desc", Pick<ListExecutionsOptions, "order">][] {
  return sortBy === undefined ? ORDERS.map((order) => [order, { order }]) : [["asc", {}]];
}

/** Every execution that a listing has, in order. */
function expected({ matches, sortBy: by }: Listing, order: "asc" | "desc"): ExecutionRecord[] {
  const sortBy = by ?? "createdAt";
  const rows = all
    .filter(matches)
    .map((row) => ({ ...row, readAt: expect.any(Number) as number }))
    .sort((a, b) => Number(a[sortBy]) - Number(b[sortBy]) || compareIds(a.id, b.id));
  return order === "asc" ? rows : rows.reverse();
}

/** The cost of the first page of each listing on the server, by name and order. */
async function firstPages(): Promise<Map<string, Calls>> {
  const taken = new Map<string, Calls>();
  for (const listing of listings()) {
    const { name, options } = listing;
    for (const [order, way] of ordersOf(listing)) {
      const list = () => store.listExecutions({ ...options, ...way, limit: PAGE });
      taken.set(`${name}, ${order}`, await callsOf(admin, list));
    }
  }
  return taken;
}

describe(`a listing of ${MANY} executions`, () => {
  let withFew = new Map<string, Calls>();
  let bytesEach = 0;

  beforeAll(async () => {
    await createUpTo(FEW, 100);
    // So that the server knows the scripts of listing.
    await store.listExecutions({ workflowId: "w7", userId: "u7", limit: PAGE });
    withFew = await firstPages();
    const before = await figureOf(admin, "memory", "used_memory");
    await createUpTo(MANY, 1_000);
    bytesEach = ((await figureOf(admin, "memory", "used_memory")) - before) / (MANY - FEW);
  });

  it("returns the right rows on its first page and in the middle, in both orders", async () => {
    for (const listing of listings()) {
      for (const [order, way] of ordersOf(listing)) {
        const rows = expected(listing, order);
        expect(rows.length).toBeGreaterThan(PAGE);
        const first = await store.listExecutions({ ...listing.options, ...way, limit: PAGE });
        expect(first, listing.name).toEqual({
          items: rows.slice(0, PAGE),
          nextCursor: cursorAfter(rows[PAGE - 1] as ExecutionRecord, listing),
        });
        const at = Math.floor(rows.length / 2);
        const cursor = cursorAfter(rows[at - 1] as ExecutionRecord, listing);
        const { items } = await store.listExecutions({ ...listing.options, ...way, limit: PAGE, cursor });
        expect(items, listing.name).toEqual(rows.slice(at, at + PAGE));
      }
    }
  });

  it(`costs the server no more than one of ${FEW}`, async () => {
    for (const [listing, calls] of await firstPages()) {
      const before = withFew.get(listing) ?? {};
      expect(calls.hgetall, listing).toBeGreaterThan(PAGE);
      for (const [command, count] of Object.entries(calls)) {
        expect(count, `${command}: ${listing}`).toBeLessThanOrEqual(before[command] ?? 0);
      }
    }
  });

  it("reads the executions of a page and one more, wherever the page is", async () => {
    const [listing] = LISTINGS as [Listing];
    for (const order of ORDERS) {
      const after = expected(listing, order)[MANY / 2] as ExecutionRecord;
      const cursor = cursorAfter(after, listing);
      const calls = await callsOf(admin, () => store.listExecutions({ order, limit: PAGE, cursor }));
      // Entries of the cursor's own millisecond are gone through, a page at a time, to find the place.
      const sameTime = all.filter(({ createdAt }) => createdAt === after.createdAt).length;
      const { zrange = 0, ...others } = calls;
      expect(others).toEqual({ evalsha: 1 + PAGE + 1, hgetall: PAGE + 1, time: PAGE + 2 });
      expect(zrange).toBeLessThanOrEqual(2 + Math.floor(sameTime / (PAGE + 1)));
    }
  });

  it("uses the one of two conditions that fewer executions meet", async () => {
    const options = { userId: "u7", status: ["pending", "suspended"], limit: PAGE } as const;
    const rows = expected({ ...LISTINGS[0], matches: isWaitingOfUser } as Listing, "desc");
    const waiting = all.filter(({ status }) => status === "pending" || status === "suspended").length;
    const calls = await callsOf(admin, async () => {
      expect((await store.listExecutions(options)).items).toEqual(rows.slice(0, PAGE));
    });
    expect(calls.hgetall).toBeLessThanOrEqual(waiting);
    expect(waiting).toBeLessThan(all.filter(({ userId }) => userId === "u7").length / 10);
  });

  it("returns every row once on the way to its end", async () => {
    const [everything, byWorkflow] = LISTINGS as [Listing, Listing];
    expect(await walk({ order: "asc", limit: 1_000 })).toEqual(expected(everything, "asc").map(({ id }) => id));
    const pages = { ...byWorkflow.options, order: "desc", limit: 100 } as const;
    expect(await walk(pages)).toEqual(expected(byWorkflow, "desc").map(({ id }) => id));
  });

  it("never scans the keys of the server", async () => {
    const names = Object.keys(await callsUntilNow(admin));
    expect(names).toContain("zrange");
    expect(names.filter((name) => /^(keys|scan)$/.test(name))).toEqual([]);
  });

  it("takes the memory that the README states", () => {
    // 1.2 kB on Valkey 9, 1.5 kB on Redis 7: with ids as short as these are, the least that the README names.
    expect(bytesEach).toBeGreaterThan(1_000);
    expect(bytesEach).toBeLessThan(2_000);
  });
});

function isWaitingOfUser({ userId, status }: ExecutionRecord): boolean {
  return userId === "u7" && (status === "pending" || status === "suspended");
}

/** The ids on all pages. */
async function walk(options: ListExecutionsOptions): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await store.listExecutions(cursor === undefined ? options : { ...options, cursor });
    for (const { id } of page.items) ids.push(id);
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return ids;
}

function cursorAfter(row: ExecutionRecord, { sortBy: by }: Listing): string {
  const sortBy = by ?? "createdAt";
  return encodeCursor(sortBy, { time: Number(row[sortBy]), id: row.id });
}
