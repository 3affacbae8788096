import { setTimeout as sleep } from "node:timers/promises";
import { PGlite } from "@electric-sql/pglite";
import { createWorkflowEngine } from "@waymark/core";
import { newCheckpoint, newCommit, newExecution } from "tooling/store-fixtures";
import { openPGlite } from "tooling/test-servers";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { PostgresCheckpointStore } from "../src/index.ts";

const pglite = await openPGlite();
const store = PostgresCheckpointStore.from(pglite);
const impatient = PostgresCheckpointStore.from(pglite, { timeoutMs: 150 });
beforeAll(async () => {
  await store.setup();
  await impatient.setup();
  await pglite.exec("CREATE TABLE orders (id int PRIMARY KEY)");
});
afterEach(() => pglite.exec("ROLLBACK; TRUNCATE orders"));
afterAll(async () => {
  await store.close();
  await impatient.close();
  await pglite.close();
});

let ids = 0;
const newId = () => `e${++ids}`;
const unavailable = { code: "STORE_UNAVAILABLE", details: { reason: "timeout" } };
const orders = async () => (await pglite.query("SELECT * FROM orders")).rows.length;

/** As a query builder's dialect does on one connection: plain statements, by the protocol, without a lock. */
async function send(text: string): Promise<void> {
  const body = Buffer.from(`${text}\0`);
  const message = Buffer.concat([Buffer.from("Q\0\0\0\0"), body]);
  message.writeUInt32BE(body.length + 4, 1);
  await pglite.execProtocolRaw(message);
}

/** Each way to begin a transaction, and to leave one open. */
const WAYS: [string, () => Promise<unknown>, (end: "COMMIT" | "ROLLBACK") => Promise<unknown>][] = [
  ["a plain BEGIN", () => pglite.exec("BEGIN; INSERT INTO orders VALUES (1)"), (end) => pglite.exec(end)],
  [
    "a query with BEGIN",
    () => pglite.query("BEGIN").then(() => pglite.query("INSERT INTO orders VALUES (1)")),
    (end) => pglite.query(end),
  ],
  [
    "a failed transaction",
    async () => {
      await pglite.exec("BEGIN");
      await pglite.exec("SELECT 1 / 0").catch(() => {});
    },
    (end) => pglite.exec(end),
  ],
  [
    "a savepoint",
    () => pglite.exec("BEGIN; SAVEPOINT s; INSERT INTO orders VALUES (1); RELEASE s"),
    (end) => pglite.exec(end),
  ],
  ["a dialect", () => send("BEGIN").then(() => send("INSERT INTO orders VALUES (1)")), (end) => send(end)],
];

describe.each(WAYS)("while the application has a transaction open by %s", (_way, begin, end) => {
  it("a call is STORE_UNAVAILABLE within timeoutMs, and writes nothing", async () => {
    await begin();
    const id = newId();
    const refusal = await impatient.createExecution(newExecution(id)).catch((error) => error);
    expect(refusal).toMatchObject(unavailable);
    expect(refusal.message).toContain("transaction open");
    await end("COMMIT");
    expect(await store.getExecution(id)).toBeUndefined();
  });

  it.each(["COMMIT", "ROLLBACK"] as const)(
    "a call waits for its %s, which concerns only what is the application's",
    async (how) => {
      await begin();
      const id = newId();
      const created = store.createExecution(newExecution(id));
      // The store has had every chance to send something.
      await sleep(50);
      await end(how);
      const head = await created;
      await store.commit(id, newCommit(head));
      await pglite.exec("ROLLBACK");
      expect(await store.getExecution(id)).toMatchObject({ version: 1 });
      expect(await store.readCheckpoints(id)).toHaveLength(2);
    },
  );

  it("the application's own statements run while the store waits", async () => {
    await begin();
    const waiting = impatient.getExecution("a").catch((error) => error);
    for (let i = 0; i < 20; i++) await pglite.query("SELECT 1").catch(() => {});
    expect(await waiting).toMatchObject(unavailable);
    await end("ROLLBACK");
    expect(await orders()).toBe(0);
    expect(await impatient.getExecution("a")).toBeUndefined();
  });
});

describe("PGlite's own transaction()", () => {
  it("continues while the store waits, and its rollback undoes nothing of the store's", async () => {
    const id = newId();
    let created: Promise<unknown> | undefined;
    const failed = pglite.transaction(async (tx) => {
      await tx.query("INSERT INTO orders VALUES (2)");
      created = store.createExecution(newExecution(id));
      await tx.query("INSERT INTO orders VALUES (3)");
      throw new Error("undone");
    });
    await expect(failed).rejects.toThrow("undone");
    await created;
    expect(await store.getExecution(id)).toBeDefined();
    expect(await orders()).toBe(0);
  });

  it("that awaits a call of the store gets STORE_UNAVAILABLE in time, and can still commit", async () => {
    await pglite.transaction(async (tx) => {
      await tx.query("INSERT INTO orders VALUES (4)");
      await expect(impatient.getExecution("a")).rejects.toMatchObject(unavailable);
      await tx.query("INSERT INTO orders VALUES (5)");
    });
    expect(await orders()).toBe(2);
  });
});

describe("a store that is set up while the application has a transaction open", () => {
  it("waits for its end, up to timeoutMs, and makes its tables afterwards", async () => {
    await pglite.exec("BEGIN");
    const late = PostgresCheckpointStore.from(pglite, { schema: "late", timeoutMs: 150 });
    await expect(late.setup()).rejects.toMatchObject(unavailable);
    await pglite.exec("ROLLBACK");
    await late.setup();
    expect(await late.getExecution("a")).toBeUndefined();
    await late.close();
  });
});

describe("a PGlite", () => {
  it("that is not ready yet makes a call wait", async () => {
    const own = new PGlite("memory://");
    const early = PostgresCheckpointStore.from(own);
    expect(await early.createExecution(newExecution("a"))).toMatchObject({ id: "a" });
    await own.close();
    await expect(early.getExecution("a")).rejects.toMatchObject({ code: "STORE_CLOSED" });
  });

  it("without isInTransaction() is asked by the protocol", async () => {
    const own = await openPGlite();
    Object.defineProperty(own, "isInTransaction", { value: undefined });
    const asking = PostgresCheckpointStore.from(own, { timeoutMs: 5_000 });
    await asking.setup();
    await own.exec("BEGIN");
    const created = asking.createExecution(newExecution("a"));
    for (let i = 0; i < 10; i++) await own.query("SELECT 1");
    await own.exec("ROLLBACK");
    await created;
    await own.exec("ROLLBACK");
    expect(await asking.getExecution("a")).toBeDefined();
    await own.close();
  });
});

describe("an engine", () => {
  it("completes beside an application that keeps beginning transactions, none of which is undone", async () => {
    const executors = { a: ({ context }: { context: object }) => ({ ...context, done: true }) };
    const nodes = Array.from({ length: 5 }, (_, index) => ({ id: `n${index}`, type: "a" }));
    const edges = nodes.slice(1).map(({ id }, index) => ({ source: `n${index}`, target: id }));
    const { executeWorkflow } = createWorkflowEngine({ store, workflows: [{ id: "w", nodes, edges }], executors });
    let isDone = false;
    const application = (async () => {
      let inserted = 0;
      while (!isDone) {
        await pglite.exec("BEGIN");
        await pglite.query("INSERT INTO orders VALUES ($1)", [1_000 + inserted]);
        await sleep(1);
        await pglite.exec(inserted % 2 === 0 ? "COMMIT" : "ROLLBACK");
        inserted += 1;
        await sleep(1);
      }
      return Math.ceil(inserted / 2);
    })();
    const results = await Promise.all(
      Array.from({ length: 4 }, () => executeWorkflow({ workflowId: "w", userId: "u" })),
    );
    isDone = true;
    const committed = await application;
    expect(results.map(({ status }) => status)).toEqual(Array(4).fill("completed"));
    expect(await orders()).toBe(committed);
  });
});

describe("the settings of the application on its connection", () => {
  it("stay unchanged, even through migrations, and do not affect the store", async () => {
    const own = await openPGlite();
    await own.exec(`
      CREATE SCHEMA app; SET search_path = app; SET statement_timeout = 12345; SET lock_timeout = 54321;
      SET extra_float_digits = -15; SET datestyle = 'German'; SET timezone = 'Asia/Kathmandu'; SET array_nulls = off;
      PREPARE mine AS SELECT 42 AS answer; CREATE TEMP TABLE executions (id int)`);
    const settings = async () => (await own.query("SELECT name, setting FROM pg_settings ORDER BY name")).rows;
    const before = await settings();
    const borrowed = PostgresCheckpointStore.from(own);
    const head = await borrowed.createExecution(newExecution("a"));
    const checkpoint = newCheckpoint({ durationMs: 0.1 + 0.2 });
    await borrowed.commit("a", newCommit(head, { checkpoints: [checkpoint] }));
    expect(await borrowed.readCheckpoints("a", { from: 1 })).toMatchObject([{ durationMs: 0.1 + 0.2 }]);
    expect(await borrowed.deleteExecutions([{ id: "a" }, { id: "b", version: 1 }])).toBe(1);
    await borrowed.close();
    expect(await settings()).toEqual(before);
    expect((await own.query("EXECUTE mine")).rows).toEqual([{ answer: 42 }]);
    await own.close();
  });
});
