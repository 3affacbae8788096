import type { PGlite } from "@electric-sql/pglite";
import { PostgresCheckpointStore } from "@waymark/store-postgres";
import { openPGlite } from "tooling/test-servers";
import { afterAll, expect, it } from "vitest";
import { pgBossDispatcher } from "../src/pg-boss/index.ts";
import { describeTransactions } from "./describe-transactions.ts";

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
