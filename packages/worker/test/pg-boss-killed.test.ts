import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { PostgresCheckpointStore } from "@waymark/store-postgres";
import pg from "pg";
import { startOwnPostgres } from "tooling/test-servers";
import { afterAll, expect, it } from "vitest";
import { pgBossDispatcher } from "../src/pg-boss/index.ts";
import { until } from "./until.ts";

const server = await startOwnPostgres();
const pool = new pg.Pool({ connectionString: server.url });
afterAll(async () => {
  await pool.end();
  await server.stop();
});

const SCRIPT = fileURLToPath(new URL("ordering-process.ts", import.meta.url));
const KILLS = 6;

it("an order, its execution and its job are all there or none, whenever the process that places it is killed", async () => {
  await pool.query("CREATE TABLE orders (id text PRIMARY KEY)");
  const store = PostgresCheckpointStore.from(pool);
  await store.setup();
  const dispatcher = pgBossDispatcher({ url: server.url, schema: "queue" });
  await dispatcher.setup();
  await dispatcher.close();
  for (let kill = 0; kill < KILLS; kill++) {
    const child = spawn(process.execPath, [SCRIPT, server.url, `p${kill}`], { stdio: ["ignore", "pipe", "inherit"] });
    await once(child.stdout, "data");
    // Anywhere in a transaction: one takes a few milliseconds.
    await new Promise((resolve) => setTimeout(resolve, 40 * Math.random()));
    child.kill("SIGKILL");
    await once(child, "exit");
  }
  // A COMMIT that was sent may still be under way.
  await until(async () => {
    const { rows } = await pool.query("SELECT 1 FROM pg_stat_activity WHERE application_name = 'ordering'");
    return rows.length === 0;
  });
  const orders = await pool.query<{ id: string }>("SELECT id FROM orders");
  const jobs = await pool.query<{ id: string }>("SELECT data->>'id' AS id FROM queue.job WHERE name = 'waymark'");
  const executions: string[] = [];
  for (let cursor: string | undefined; ; ) {
    const page = await store.listExecutions({ limit: 1_000, ...(cursor === undefined ? {} : { cursor }) });
    executions.push(...page.items.map(({ id }) => id));
    cursor = page.nextCursor;
    if (cursor === undefined) break;
  }
  const placed = orders.rows.map(({ id }) => id).toSorted();
  expect(new Set(placed.map((id) => id.split("-")[0])).size).toBe(KILLS);
  expect(executions.toSorted()).toEqual(placed);
  expect(jobs.rows.map(({ id }) => id).toSorted()).toEqual(placed);
});
