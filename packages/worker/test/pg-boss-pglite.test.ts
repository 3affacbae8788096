import type { PGlite } from "@electric-sql/pglite";
import type { Delivered } from "@waymark/core";
import { PostgresCheckpointStore } from "@waymark/store-postgres";
import { openPGlite } from "tooling/test-servers";
import { afterAll, expect, it } from "vitest";
import { pgBossDispatcher } from "../src/pg-boss/index.ts";
import { describeTransactions } from "./describe-transactions.ts";
import { serve } from "./serve.ts";
import { until } from "./until.ts";

const open: PGlite[] = [];
afterAll(async () => {
  for (const pglite of open) await pglite.close();
});

async function newDatabase(): Promise<PGlite> {
  const pglite = await openPGlite();
  open.push(pglite);
  await pglite.exec("CREATE TABLE orders (id text PRIMARY KEY)");
  return pglite;
}

describeTransactions("a PGlite", async () => {
  const pglite = await newDatabase();
  const store = PostgresCheckpointStore.from(pglite);
  await store.setup();
  const dispatcher = pgBossDispatcher({ pglite, schema: "queue", onError: () => undefined });
  await dispatcher.setup();
  return {
    store,
    dispatcher,
    query: (sql) => pglite.query(sql),
    begin: (work) =>
      pglite.transaction((client) => work({ client, query: (sql, values) => client.query(sql, values as unknown[]) })),
  };
});

it("a job in a transaction of a PGlite is refused, and waits for nothing, before the queue is set up", async () => {
  const pglite = await newDatabase();
  const dispatcher = pgBossDispatcher({ pglite, schema: "queue" });
  await pglite.transaction(async (transaction) => {
    await expect(dispatcher.enqueue("e1", { transaction })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });
  await dispatcher.close();
});

/** Delivers the jobs of a new queue until the test is over. */
async function working(handler: (executionId: string) => Promise<Delivered> = async () => ({})) {
  const pglite = await newDatabase();
  const dispatcher = pgBossDispatcher({ pglite, schema: "queue", onError: () => undefined });
  await dispatcher.setup();
  const end = serve(dispatcher, handler);
  const stop = async () => {
    await end();
    await dispatcher.close();
  };
  /** Adds a job by hand. */
  const add = (data: unknown) =>
    pglite.query("INSERT INTO queue.job (name, data) VALUES ('waymark', $1)", [JSON.stringify(data)]);
  return { pglite, dispatcher, stop, add };
}

it("jobs without data, or with data that is not the dispatcher's, are done with, and those after them delivered", async () => {
  const delivered: string[] = [];
  const { pglite, dispatcher, stop, add } = await working(async (id) => {
    delivered.push(id);
    return {};
  });
  await pglite.query("INSERT INTO queue.job (name, data) VALUES ('waymark', NULL)");
  for (const data of [null, "text", [], { other: 1 }]) await add(data);
  await dispatcher.enqueue("e1", {});
  await until(() => delivered.length > 0);
  // The queue's own count of them may be ten seconds old.
  const left = "SELECT FROM queue.job WHERE name = 'waymark' AND state <> 'completed'";
  await until(async () => (await pglite.query(left)).rows.length === 0);
  expect(delivered).toEqual(["e1"]);
  await stop();
});

it("a tick that cannot be served keeps its time, also when it is delivered again after the next one was due", async () => {
  const ticks: number[] = [];
  const { pglite, dispatcher, stop, add } = await working();
  // None of its own ticks comes now.
  const hour = (new Date().getUTCHours() + 12) % 24;
  await dispatcher.schedule("daily", `0 ${hour} * * *`, {}, async ({ dueAt }) => {
    ticks.push(dueAt);
    if (ticks.length === 1) throw new Error("boom");
  });
  await add({ schedule: "daily", missed: "once" });
  await until(() => ticks.length === 1);
  // The job that delivers it again was made a day later, as it were.
  const later = "UPDATE queue.job SET created_on = created_on + interval '1 day' WHERE state = 'created'";
  await until(async () => ((await pglite.query(later)).affectedRows ?? 0) > 0);
  await until(() => ticks.length > 1);
  expect(ticks[1]).toBe(ticks[0]);
  await stop();
});
