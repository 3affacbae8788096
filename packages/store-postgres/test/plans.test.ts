import { checkListExecutions, type ListExecutionsOptions } from "@waymark/core";
import pg from "pg";
import { newCheckpoint, newCommit, newExecution } from "tooling/store-fixtures";
import { startPostgres } from "tooling/test-servers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PostgresCheckpointStore } from "../src/index.ts";
import { listStatement } from "../src/list-statement.ts";
import { tableNames } from "../src/table-names.ts";

const EXECUTIONS = 100_000;
const server = await startPostgres();
afterAll(() => server.stop());
const pool = new pg.Pool({ connectionString: server.url });
const store = await PostgresCheckpointStore.connect({ url: server.url });
afterAll(async () => {
  await store.close();
  await pool.end();
});
const names = tableNames();

interface Plan {
  "Node Type": string;
  "Actual Rows": number;
  "Actual Loops": number;
  "Rows Removed by Filter"?: number;
  Plans?: Plan[];
}

/** Every node of the plan that a listing is run by, and how many rows it has looked at. */
async function planOf(options: ListExecutionsOptions): Promise<{ nodes: string[]; rowsRead: number }> {
  const { statement, values } = listStatement(names, checkListExecutions(options));
  const { rows } = await pool.query(`EXPLAIN (ANALYZE, FORMAT JSON) ${statement.text}`, values);
  const nodes: string[] = [];
  let rowsRead = 0;
  const visit = (plan: Plan) => {
    nodes.push(plan["Node Type"]);
    if (plan["Node Type"].includes("Scan")) {
      rowsRead += (plan["Actual Rows"] + (plan["Rows Removed by Filter"] ?? 0)) * plan["Actual Loops"];
    }
    plan.Plans?.forEach(visit);
  };
  visit(rows[0]["QUERY PLAN"][0].Plan);
  return { nodes, rowsRead };
}

describe(`a listing of ${EXECUTIONS} executions`, () => {
  let middle: string | undefined;

  beforeAll(async () => {
    await store.createExecution(newExecution("template"));
    // As many as that are made by the database itself, from one that the store has made.
    const columns = [
      "id",
      "key",
      "workflow_id",
      "user_id",
      "status",
      "created_at_ms",
      "wake_at_ms",
      "lease_until_ms",
      "parent_id",
    ];
    const { rows } = await pool.query(
      `SELECT string_agg(quote_ident(attname), ', ') AS rest FROM pg_attribute
       WHERE attrelid = $1::regclass AND attnum > 0 AND attname <> ALL ($2)`,
      [names.executions, columns],
    );
    await pool.query(
      `INSERT INTO ${names.executions} (${columns.join(", ")}, ${rows[0].rest})
       SELECT 'e' || n, 1000 + n, 'w' || n % 50, 'u' || n % 1000,
         (ARRAY['completed', 'completed', 'failed', 'pending', 'cancelled'])[1 + n % 5], n / 10,
         CASE WHEN n % 10000 = 0 THEN n END, NULL, CASE WHEN n % 1000 = 0 THEN 'template' END, ${rows[0].rest}
       FROM ${names.executions}, generate_series(1, $1) AS n WHERE id = 'template'`,
      [EXECUTIONS],
    );
    await pool.query(`VACUUM ANALYZE ${names.executions}`);
    const halfway = Buffer.from(JSON.stringify([EXECUTIONS / 20, "e50000"])).toString("base64url");
    middle = (await store.listExecutions({ limit: 1, cursor: halfway })).nextCursor;
  });

  it.each<[string, ListExecutionsOptions]>([
    ["everything", {}],
    ["oldest first", { order: "asc" }],
    ["by workflow", { workflowId: "w7" }],
    ["by user", { userId: "u7" }],
    ["by status", { status: "failed" }],
    ["by several statuses", { status: ["failed", "pending"] }],
    ["by parent", { parentId: "template" }],
    ["created before", { createdBefore: 5_000 }],
    ["lapsed leases", { leaseExpired: true }],
    ["what is due", { due: true }],
  ])("reads about as many rows as a page has: %s", async (_name, options) => {
    const first = await planOf(options);
    const later = await planOf({ ...options, ...(middle === undefined ? {} : { cursor: middle }) });
    // A page has 100 rows. Where a fifth of all rows match, going by date and leaving out the others is as good.
    for (const { nodes, rowsRead } of [first, later]) {
      expect(nodes).not.toContain("Seq Scan");
      expect(rowsRead).toBeLessThan(1_000);
    }
  });

  it("walks to the end, every row once", async () => {
    const seen = new Set<string>();
    let cursor: string | undefined;
    do {
      const page = await store.listExecutions({ workflowId: "w3", limit: 1_000, ...(cursor && { cursor }) });
      for (const { id } of page.items) seen.add(id);
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    expect(seen.size).toBe(EXECUTIONS / 50);
  });
});

describe("a long execution", () => {
  it("of 10,000 checkpoints is committed by HOT updates, and its end is read by the index alone", async () => {
    const { id, token } = await store.createExecution(newExecution("long"));
    // An ANALYZE that happens by would keep old versions of the row, and with them the page full.
    for (const table of [names.executions, names.checkpoints]) {
      await pool.query(`ALTER TABLE ${table} SET (autovacuum_enabled = off)`);
    }
    const before = await updates();
    const own = await PostgresCheckpointStore.connect({ url: server.url, poolSize: 1 });
    for (let version = 0; version < 10_000; version++) {
      await own.commit(id, newCommit({ token, version }, { leaseMs: 30_000, head: { currentStep: version } }));
    }
    // A session reports all that it did when it ends; what it reports is counted a moment later.
    await own.close();
    const counted = async () => {
      const { all, hot } = await updates();
      return { all: all - before.all, hot: hot - before.hot };
    };
    await expect.poll(counted, { timeout: 30_000 }).toEqual({ all: 10_000, hot: 10_000 });
    // Pages are tidied up as they fill: ten thousand versions of one row leave little behind.
    const { rows: size } = await pool.query("SELECT pg_relation_size($1::regclass) AS bytes", [names.executions]);
    expect(Number(size[0].bytes)).toBeLessThan(EXECUTIONS * 1_000);
    const tail = await store.readCheckpoints(id, { order: "desc", limit: 3 });
    expect(tail.map(({ seq }) => seq)).toEqual([10_000, 9_999, 9_998]);
    expect(await store.readCheckpoints(id)).toHaveLength(10_001);
  });

  it("drops what is before a snapshot, and is deleted without a trace", async () => {
    const { id, token } = await store.createExecution(newExecution("dropped"));
    for (let version = 0; version < 20; version++) await store.commit(id, newCommit({ token, version }));
    const checkpoint = newCheckpoint({ kind: "snapshot" });
    await store.commit(id, newCommit({ token, version: 20 }, { checkpoint, dropBefore: 21 }));
    const { rows: one } = await pool.query(`SELECT e.key, count(*) FROM ${names.executions} AS e
      JOIN ${names.checkpoints} AS c ON c.execution_key = e.key WHERE e.id = 'dropped' GROUP BY e.key`);
    expect(one[0].count).toBe("1");
    expect(await store.deleteExecutions([{ id, version: 21 }])).toBe(1);
    const { rows: none } = await pool.query(`SELECT 1 FROM ${names.checkpoints} WHERE execution_key = $1`, [
      one[0].key,
    ]);
    expect(none).toEqual([]);
  });
});

/** How many updates of executions the server has counted, and how many of them were HOT. */
async function updates(): Promise<{ all: number; hot: number }> {
  const { rows } = await pool.query(
    'SELECT n_tup_upd AS "all", n_tup_hot_upd AS hot FROM pg_stat_user_tables WHERE relid = $1::regclass',
    [names.executions],
  );
  return { all: Number(rows[0].all), hot: Number(rows[0].hot) };
}
