import type { PGlite } from "@electric-sql/pglite";
import { createWorkflowEngine, type NodeExecutor } from "@waymark/core";
import { openPGlite } from "tooling/test-servers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PostgresCheckpointStore } from "../src/index.ts";

const NODES = ["a", "b", "c"].map((id) => ({ id }));
const EDGES = [
  { source: "a", target: "b" },
  { source: "b", target: "c" },
];

describe("rows that were changed by hand", () => {
  let pglite: PGlite;
  let store: PostgresCheckpointStore;
  const called: string[] = [];
  let isFailing = true;
  const run: NodeExecutor = ({ context, node }) => {
    called.push(node.id);
    if (node.id === "c" && isFailing) throw new Error("boom");
    return { ...context, [node.id]: 1 };
  };

  beforeAll(async () => {
    pglite = await openPGlite();
    store = PostgresCheckpointStore.from(pglite);
    await store.setup();
  });
  afterAll(async () => {
    await store.close();
    await pglite.close();
  });

  const engineOf = () =>
    createWorkflowEngine({ store, workflows: [{ id: "w", nodes: NODES, edges: EDGES }], executors: { default: run } });
  const headOf = async (id: string) =>
    (await pglite.query("SELECT * FROM waymark.executions WHERE id = $1", [id])).rows;

  it.each([
    "DELETE FROM waymark.checkpoints WHERE seq = 0",
    "DELETE FROM waymark.checkpoints WHERE seq = 2",
    "DELETE FROM waymark.checkpoints WHERE seq = 3",
    "DELETE FROM waymark.checkpoints WHERE seq >= 0",
    "UPDATE waymark.checkpoints SET kind = 'save' WHERE seq = 2",
    "UPDATE waymark.checkpoints SET kind = 'patch' WHERE seq = 2",
    "UPDATE waymark.checkpoints SET node_id = 'c' WHERE seq = 2",
    "UPDATE waymark.checkpoints SET node_id = '' WHERE seq = 1",
    "UPDATE waymark.checkpoints SET step_number = 9 WHERE seq = 1",
    'UPDATE waymark.checkpoints SET payload = \'[1,["set",["n"],{"$type":"bigint","value":"x"}]]\' WHERE seq = 1',
    'UPDATE waymark.checkpoints SET payload = \'[1,["set",["a"],2]]\' WHERE seq = 1',
    "UPDATE waymark.checkpoints SET seq = 7 WHERE seq = 3",
    "UPDATE waymark.executions SET seq = seq - 1",
    "UPDATE waymark.executions SET seq = seq + 1",
    "UPDATE waymark.executions SET seq = 9007199254740992",
    "UPDATE waymark.executions SET snapshot_seq = 1",
    "UPDATE waymark.executions SET current_step = current_step + 1",
    "UPDATE waymark.executions SET current_step = current_step - 1",
    "UPDATE waymark.executions SET total_steps = total_steps + 1",
    "UPDATE waymark.executions SET checkpoints_count = checkpoints_count - 1",
    "UPDATE waymark.executions SET failure = '[]'",
  ])("are refused before a node runs, and stay unchanged: %s", async (damage) => {
    const engine = engineOf();
    isFailing = true;
    const { executionId } = await engine.executeWorkflow({ workflowId: "w", userId: "u" });
    isFailing = false;
    await pglite.query(damage);
    const before = await headOf(executionId);
    called.length = 0;
    const refused = { code: "STATE_CORRUPT", executionId };
    await expect(engine.resumeWorkflow({ executionId })).rejects.toMatchObject(refused);
    await expect(engine.getExecutionState(executionId)).rejects.toMatchObject(refused);
    expect(called).toEqual([]);
    expect(await headOf(executionId)).toEqual(before);
    expect((await engine.listExecutions()).items.map(({ id }) => id)).toContain(executionId);
    expect(await engine.deleteExecution({ executionId })).toBe(true);
  });

  it("of a definition are refused before a node runs", async () => {
    isFailing = true;
    const { executionId } = await engineOf().executeWorkflow({ workflowId: "w", userId: "u" });
    isFailing = false;
    const edited = { id: "w", nodes: NODES.slice(0, 2), edges: EDGES.slice(0, 1) };
    const other = createWorkflowEngine({ store, workflows: [edited], executors: { default: run } });
    for (const [statement, code] of [
      ["UPDATE waymark.definitions SET definition = replace(definition, '\"c\"', '\"d\"')", "STATE_CORRUPT"],
      ["UPDATE waymark.definitions SET definition = '{'", "STATE_CORRUPT"],
      ["DELETE FROM waymark.definitions", "DEFINITION_NOT_FOUND"],
    ] as const) {
      await pglite.query(statement);
      const before = await headOf(executionId);
      called.length = 0;
      await expect(other.resumeWorkflow({ executionId })).rejects.toMatchObject({ code, executionId });
      expect(called).toEqual([]);
      expect(await headOf(executionId)).toEqual(before);
    }
    expect(await engineOf().resumeWorkflow({ executionId })).toMatchObject({ status: "completed" });
  });
});
