import { checkListExecutions, encodeCursor, type ListExecutionsOptions } from "@waymark/core/store";
import pg from "pg";
import { newCommit, newExecution } from "tooling/store-fixtures";
import { startPostgres } from "tooling/test-servers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PostgresCheckpointStore } from "../src/index.ts";
import { BatchStatements } from "../src/sql/batch-statement.ts";
import { listStatement } from "../src/sql/list-statement.ts";
import { valuesOf } from "../src/sql/parameters.ts";
import { buildStatements, CLAIM_PARAMETERS, claimsValue } from "../src/sql/statements.ts";
import { tableNames } from "../src/sql/table-names.ts";

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

it("a batch of commits finds its rows by their ids, also if the planner has no statistics of the table", async () => {
  const ids = Array.from({ length: 300 }, (_, index) => `waits-${index}`);
  const heads = await Promise.all(ids.map((id) => store.createExecution(newExecution(id))));
  const batch = heads.slice(0, 20).map((head) => ({ id: head.id, request: newCommit(head) }));
  const { statement, values } = new BatchStatements(names).call(batch);
  const { rows } = await pool.query(`EXPLAIN (FORMAT JSON) ${statement.text}`, values);
  const plan = JSON.stringify(rows[0]["QUERY PLAN"]);
  expect([...plan.matchAll(/"Relation Name":"executions".*?"Index Name":"(\w+)"/g)].map(([, index]) => index)).toEqual([
    "executions_pkey",
  ]);
  expect(plan).not.toMatch(/Seq Scan|Bitmap|Hash/);
  await pool.query(`DELETE FROM ${names.executions}`);
});

it("claims find their rows by their ids, also if the planner takes the table for empty", async () => {
  const { claim, claims } = buildStatements(names);
  const request = { claimId: "c", owner: "o", leaseMs: 1_000, from: ["pending" as const] };
  const value = claimsValue(Array.from({ length: 20 }, (_, index) => ({ id: `claimed-${index}`, request })));
  const calls: [string, unknown[]][] = [
    [claim.text, [...valuesOf(CLAIM_PARAMETERS, request), "claimed-1"]],
    [claims.text, [value]],
  ];
  for (const [text, values] of calls) {
    const { rows } = await pool.query(`EXPLAIN (FORMAT JSON) ${text}`, values);
    const plan = JSON.stringify(rows[0]["QUERY PLAN"]);
    expect([...plan.matchAll(/"Index Name":"(\w+)"/g)].map(([, index]) => index)).toEqual(["executions_pkey"]);
    expect(plan).not.toMatch(/Seq Scan|Bitmap|Hash/);
  }
});

it("several histories are found by their ids and numbers, also if the planner has no statistics of the tables", async () => {
  const ids = Array.from({ length: 300 }, (_, index) => `read-${index}`);
  await Promise.all(ids.map((id) => store.createExecution(newExecution(id))));
  const { text } = buildStatements(names).readSeveral;
  const some = ids.slice(0, 20);
  const { rows } = await pool.query(`EXPLAIN (FORMAT JSON) ${text}`, [some, some.map(() => 0), some.map(() => 9)]);
  const plan = JSON.stringify(rows[0]["QUERY PLAN"]);
  expect([...plan.matchAll(/"Index Name":"(\w+)"/g)].map(([, index]) => index)).toEqual([
    "executions_pkey",
    "checkpoints_pkey",
  ]);
  expect(plan).not.toMatch(/Seq Scan/);
  await pool.query(`DELETE FROM ${names.executions}`);
});

describe(`a listing of ${EXECUTIONS} executions`, () => {
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
      "lease_bound_ms",
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
         (ARRAY['completed', 'running', 'failed', 'pending', 'cancelled'])[1 + n % 5], n / 10,
         CASE WHEN n % 5 = 3 THEN n END, CASE WHEN n % 5 = 1 THEN n END, CASE WHEN n % 5 = 1 THEN n ELSE 0 END, CASE WHEN n % 1000 = 0 THEN 'template' END, ${rows[0].rest}
       FROM ${names.executions}, generate_series(1, $1) AS n WHERE id = 'template'`,
      [EXECUTIONS],
    );
    await pool.query(`VACUUM ANALYZE ${names.executions}`);
  });

  it.each<[string, ListExecutionsOptions]>([
    ["everything", {}],
    ["oldest first", { order: "asc" }],
    ["by workflow", { workflowId: "w7" }],
    ["by user", { userId: "u7" }],
    ["by status", { status: "failed" }],
    ["by several statuses", { status: ["failed", "pending"] }],
    ["by workflow and status", { workflowId: "w7", status: "failed" }],
    ["by workflow, created after", { workflowId: "w7", createdAfter: 5_000 }],
    ["by user, created between", { userId: "u7", createdAfter: 2_000, createdBefore: 5_000 }],
    ["by parent", { parentId: "template" }],
    ["created before", { createdBefore: 5_000 }],
    ["created after", { createdAfter: 5_000 }],
    ["created after, oldest first", { createdAfter: 5_000, order: "asc" }],
    ["not started by others", { topLevel: true }],
    ["lapsed leases", { leaseExpired: true }],
    ["what is due", { due: true }],
  ])("reads about as many rows as a page has: %s", async (_name, options) => {
    const first = await planOf(options);
    const sortBy = options.due === true ? "wakeAt" : options.leaseExpired === true ? "leaseUntil" : "createdAt";
    const cursor = encodeCursor(sortBy, {
      time: sortBy === "createdAt" ? EXECUTIONS / 20 : EXECUTIONS / 2,
      id: "e50000",
    });
    const later = await planOf({ ...options, cursor });
    // A page has 100 rows. If a fifth of all rows match, reading by date and leaving out the others is as good.
    for (const { nodes, rowsRead } of [first, later]) {
      expect(nodes).not.toContain("Seq Scan");
      expect(rowsRead).toBeLessThan(1_000);
    }
  });

  it("returns every row once on the way to its end", async () => {
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
