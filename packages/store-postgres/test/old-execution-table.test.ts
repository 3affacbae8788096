import { createWorkflowEngine } from "@waymark/core";
import pg from "pg";
import { newExecution } from "tooling/store-fixtures";
import { startPostgres } from "tooling/test-servers";
import { afterAll, describe, expect, it } from "vitest";
import { PostgresCheckpointStore } from "../src/index.ts";

const server = await startPostgres();
const pool = new pg.Pool({ connectionString: server.url });
afterAll(async () => {
  await pool.end();
  await server.stop();
});

/** Tables as a version with the view left them: here with a view and functions of the same names. */
async function withView(schema: string): Promise<void> {
  await using store = await PostgresCheckpointStore.connect({ url: server.url, schema });
  await store.createExecution(newExecution("a"));
  await pool.query(`
    DELETE FROM ${schema}.migrations WHERE name LIKE 'DropExecutionOutput%';
    CREATE FUNCTION ${schema}.apply_change(state jsonb, operation jsonb) RETURNS jsonb LANGUAGE sql AS 'SELECT $1';
    CREATE FUNCTION ${schema}.output_of(wanted bigint) RETURNS jsonb LANGUAGE sql AS 'SELECT ''{}''::jsonb';
    CREATE VIEW ${schema}.execution_output AS SELECT id, ${schema}.output_of(key) AS output FROM ${schema}.executions`);
}

async function thingsIn(schema: string): Promise<string[]> {
  const { rows } = await pool.query(
    `SELECT relname AS name FROM pg_class WHERE relnamespace = $1::regnamespace AND relkind IN ('r', 'v')
     UNION SELECT proname FROM pg_proc WHERE pronamespace = $1::regnamespace ORDER BY name`,
    [schema],
  );
  return rows.map(({ name }) => name);
}

describe("the view of an earlier version", () => {
  it("is dropped with its functions, and the executions are kept", async () => {
    await withView("viewed");
    await using store = await PostgresCheckpointStore.connect({ url: server.url, schema: "viewed" });
    expect(await thingsIn("viewed")).toEqual(["checkpoints", "definitions", "executions", "migrations"]);
    expect(await store.getExecution("a")).toMatchObject({ id: "a", version: 0 });
  });

  it("is kept if the application has built on it, and the error reports that", async () => {
    await withView("built_on");
    await pool.query("CREATE VIEW report AS SELECT * FROM built_on.execution_output");
    const call = PostgresCheckpointStore.connect({ url: server.url, schema: "built_on" });
    await expect(call).rejects.toMatchObject({
      code: "STORE_UNAVAILABLE",
      message: expect.stringContaining("execution_output"),
      details: { reason: "schema" },
    });
    await pool.query("DROP VIEW report");
    await using store = await PostgresCheckpointStore.connect({ url: server.url, schema: "built_on" });
    expect(await store.getExecution("a")).toBeDefined();
  });

  it("is not made for a new schema", async () => {
    await (await PostgresCheckpointStore.connect({ url: server.url, schema: "fresh" })).close();
    expect(await thingsIn("fresh")).toEqual(["checkpoints", "definitions", "executions", "migrations"]);
  });
});

describe("an old Execution table", () => {
  it("can be imported by a query, and its outputs stay the same", async () => {
    await using store = await PostgresCheckpointStore.connect({ url: server.url });
    const { WorkflowState, getExecutionState } = createWorkflowEngine({
      store,
      workflows: [{ id: "w", nodes: [{ id: "n0" }, { id: "n1" }], edges: [{ source: "n0", target: "n1" }] }],
      executors: { default: ({ context }) => context },
    });
    await pool.query(`CREATE TABLE "Execution" (id text, "workflowId" text, "userId" text, status text, output jsonb)`);
    const context = { start: true };
    const checkpoint = { nodeId: "n0", nodeName: "a", stepNumber: 1, context, timestamp: "2024-01-01T00:00:00.000Z" };
    const output = { checkpoints: [checkpoint], currentContext: context, currentStep: 1, totalSteps: 2 };
    await pool.query(`INSERT INTO "Execution" VALUES ('old', 'w', 'u', 'RUNNING', $1)`, [output]);
    const { rows } = await pool.query(`SELECT id AS "executionId", "workflowId", "userId", output FROM "Execution"`);
    const ids: string[] = [];
    for (const row of rows) ids.push((await WorkflowState.importExecutionOutput(row)).getExecutionId());
    expect(ids).toEqual(["old"]);
    expect((await getExecutionState("old")).toExecutionOutput()).toMatchObject(output);
  });
});
