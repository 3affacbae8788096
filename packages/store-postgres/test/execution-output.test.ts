import { createWorkflowEngine, patch } from "@waymark/core";
import pg from "pg";
import { startPostgres } from "tooling/test-servers";
import { afterAll, describe, expect, it } from "vitest";
import { PostgresCheckpointStore } from "../src/index.ts";

const server = await startPostgres();
const pool = new pg.Pool({ connectionString: server.url });
const store = PostgresCheckpointStore.from(pool);
await store.setup();
afterAll(async () => {
  await store.close();
  await pool.end();
  await server.stop();
});

// What each node makes of the context, so that every kind of change comes about.
// biome-ignore lint/suspicious/noExplicitAny: the context is of another shape after every node
const STEPS: ((context: Record<string, any>) => Record<string, unknown>)[] = [
  (context) => ({ ...context, list: [1, { a: 1 }], nested: { deep: { x: 1 }, "0": "zero", "a.b": null } }),
  (context) => ({ ...context, list: [...context.list, 3, 4] }),
  (context) => ({ ...context, list: [context.list[0], "between", ...context.list.slice(2)] }),
  (context) => ({ ...context, nested: { ...context.nested, deep: { y: [] } } }),
  ({ start: _start, ...context }) => ({ ...context, when: new Date(0), n: 12345678901234567890n }),
  (context) => ({ ...context, list: context.list.slice(1, 3), text: 'é 😀 \\ "' }),
  (context) => ({ ...context, big: Array.from({ length: 300 }, (_, index) => ({ index })) }),
  (context) => ({ ...context, big: context.big.filter((_: unknown, index: number) => index % 7 !== 0) }),
];

const workflow = {
  id: "w",
  nodes: STEPS.map((_, index) => ({ id: `n${index}`, type: "step" })).concat({ id: "end", type: "end" }),
  edges: [...STEPS.map((_, index) => ({ source: `n${index}`, target: STEPS[index + 1] ? `n${index + 1}` : "end" }))],
};

let fails = true;
const engine = createWorkflowEngine({
  store,
  workflows: [workflow],
  executors: {
    step: async ({ context, node }) => (STEPS[Number(node.id.slice(1))] as (typeof STEPS)[number])(context),
    end: async () => {
      if (fails) throw new Error("not yet");
      return patch({ done: true });
    },
  },
});

async function read(id: string) {
  const { rows } = await pool.query("SELECT * FROM waymark.execution_output WHERE id = $1", [id]);
  return rows[0];
}

describe("the view execution_output", () => {
  it("gives the old JSON that toExecutionOutput gives, failed and then completed", async () => {
    const { executionId } = await engine.executeWorkflow({
      workflowId: "w",
      userId: "u",
      initialData: { start: true },
    });
    const failed = await read(executionId);
    expect(failed).toMatchObject({ workflowId: "w", userId: "u", status: "failed", endedAt: expect.any(Date) });
    expect(failed.output).toEqual((await engine.getExecutionState(executionId)).toExecutionOutput());
    expect(failed.output.error).toContain("not yet");
    fails = false;
    await engine.resumeWorkflow({ executionId });
    const completed = await read(executionId);
    expect(completed.output).toEqual((await engine.getExecutionState(executionId)).toExecutionOutput());
    expect(completed.output.checkpoints).toHaveLength(STEPS.length + 2);
  });
});

describe("an old Execution table", () => {
  it("is taken in by a query of one's own, and resumed", async () => {
    await pool.query(`CREATE TABLE "Execution" (id text, "workflowId" text, "userId" text, status text, output jsonb)`);
    const context = { start: true };
    const checkpoint = {
      nodeId: "n0",
      nodeName: "step",
      stepNumber: 1,
      context,
      timestamp: "2024-01-01T00:00:00.000Z",
    };
    const output = { checkpoints: [checkpoint], currentContext: context, currentStep: 1, totalSteps: STEPS.length + 1 };
    await pool.query(`INSERT INTO "Execution" VALUES ('old', 'w', 'u', 'RUNNING', $1)`, [output]);
    const { rows } = await pool.query(`SELECT id AS "executionId", "workflowId", "userId", output FROM "Execution"`);
    const ids = [];
    for (const row of rows) ids.push((await engine.WorkflowState.importExecutionOutput(row)).getExecutionId());
    expect(ids).toEqual(["old"]);
    expect((await engine.getExecutionState("old")).getCheckpoints()).toMatchObject([checkpoint]);
  });
});
