import { describe, expect, it } from "vitest";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import {
  createWorkflowEngine,
  type NodeExecutor,
  patch,
  route,
  suspend,
  type WorkflowDefinition,
} from "../../src/index.ts";
import { append, chain } from "./chain.ts";

const CALL = { workflowId: "chain", userId: "u1", executionId: "e1" };

function setUp(run: NodeExecutor = append, workflows: WorkflowDefinition[] = [chain(3)]) {
  const store = new MemoryCheckpointStore();
  const engine = createWorkflowEngine({ store, workflows, executors: { default: run } });
  /** An engine that has no workflow and no executor. */
  const stranger = createWorkflowEngine({ store, workflows: [], executors: {} });
  return { store, engine, stranger };
}

describe("inspectExecution", () => {
  it("reads records in pages, newest first, down to the initial state", async () => {
    const { engine, stranger } = setUp();
    await engine.executeWorkflow(CALL);
    const inspection = await stranger.inspectExecution({ executionId: "e1" });
    const first = await inspection.records({ limit: 2 });
    expect(first.items.map(({ seq, nodeId }) => [seq, nodeId])).toEqual([
      [3, "n3"],
      [2, "n2"],
    ]);
    expect(first.nextBefore).toBe(2);
    const second = await inspection.records({ limit: 2, before: 2 });
    expect(second.items.map(({ seq }) => seq)).toEqual([1, 0]);
    expect(second.nextBefore).toBeUndefined();
    expect((await inspection.records({ limit: 2, before: 0 })).items).toEqual([]);
  });

  it("shows what each record changed, with the values that JSON does not have", async () => {
    const { engine } = setUp(({ node }) =>
      patch(node.id === "n1" ? { big: 12n, map: new Map([["a", -0]]) } : { [node.id]: true }),
    );
    await engine.executeWorkflow({ ...CALL, initialData: { given: 1 } });
    const inspection = await engine.inspectExecution({ executionId: "e1" });
    const { record, before, after, operations } = await inspection.change(1);
    expect(record.nodeId).toBe("n1");
    expect(before).toBe('{"given":1}');
    expect(operations).toEqual([
      '["set",["big"],{"$type":"bigint","value":"12"}]',
      '["set",["map"],{"$type":"Map","value":[["a",{"$type":"number","value":"-0"}]]}]',
    ]);
    expect(inspection.decode(after)).toEqual({ given: 1, big: 12n, map: new Map([["a", -0]]) });
    expect((await inspection.change(0)).before).toBeUndefined();
    expect((await inspection.change(3)).operations).toEqual(['["set",["n3"],true]']);
  });

  it("shows the same change across a snapshot as the states on both sides have", async () => {
    const { engine } = setUp(({ node }) => ({ text: node.id.repeat(2_000) }), [chain(6)]);
    await engine.executeWorkflow(CALL);
    const inspection = await engine.inspectExecution({ executionId: "e1" });
    const { items } = await inspection.records({ limit: 100 });
    expect(items.some(({ kind, seq }) => kind === "snapshot" && seq > 0)).toBe(true);
    for (const { seq, nodeId } of items.filter(({ seq }) => seq > 0)) {
      const change = await inspection.change(seq);
      expect(change.operations).toEqual([JSON.stringify(["set", ["text"], nodeId.repeat(2_000)])]);
      expect(change.before).toBe((await inspection.change(seq - 1)).after);
    }
  });

  it("refuses a record that is not there, and names those that are", async () => {
    const { engine } = setUp();
    await engine.executeWorkflow(CALL);
    const inspection = await engine.inspectExecution({ executionId: "e1" });
    await expect(inspection.change(4)).rejects.toThrow(/has no record 4; those that are kept are 0 to 3/);
    await expect(inspection.change(1.5)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    await expect((async () => inspection.records({ limit: 0 }))()).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });

  it("keeps the definition that the execution began with, and compares it with the engine's own", async () => {
    const workflows = [chain(3)];
    const { store, engine, stranger } = setUp(append, workflows);
    await engine.executeWorkflow(CALL);
    const same = await (await engine.inspectExecution({ executionId: "e1" })).definition();
    expect(same.isChanged).toBe(false);
    expect(same.original).toEqual(same.current);
    const newer = createWorkflowEngine({ store, workflows: [chain(4)], executors: { default: append } });
    const changed = await (await newer.inspectExecution({ executionId: "e1" })).definition();
    expect(changed.isChanged).toBe(true);
    expect(changed.original?.nodes).toHaveLength(3);
    expect(changed.current?.nodes).toHaveLength(4);
    const foreign = await (await stranger.inspectExecution({ executionId: "e1" })).definition();
    expect(foreign).toEqual({ original: changed.original, isChanged: false });
  });

  it("names the nodes that have run, that are skipped, that come next and that wait, with the payload as text", async () => {
    const workflow: WorkflowDefinition = {
      id: "chain",
      nodes: [{ id: "if", type: "if" }, { id: "yes" }, { id: "no" }],
      edges: [
        { source: "if", target: "yes", sourceHandle: "true" },
        { source: "if", target: "no", sourceHandle: "false" },
      ],
    };
    const { store, stranger } = setUp();
    const engine = createWorkflowEngine({
      store,
      workflows: [workflow],
      executors: {
        if: ({ context }) => route(context, "true"),
        default: ({ resume }) => (resume === undefined ? suspend({ reason: "a look", payload: { at: 1n } }) : {}),
      },
    });
    await engine.executeWorkflow(CALL);
    const inspection = await stranger.inspectExecution({ executionId: "e1" });
    const progress = await inspection.progress();
    expect(progress.execution.status).toBe("suspended");
    expect(progress.ran).toEqual([{ nodeId: "if", handles: ["true"] }]);
    expect(progress.skipped).toEqual(["no"]);
    expect(progress.waiting).toMatchObject([
      {
        nodeId: "yes",
        reason: "a look",
        payload: '{"at":{"$type":"bigint","value":"1"}}',
        waitToken: expect.anything(),
      },
    ]);
    const { items } = await inspection.records({ limit: 10 });
    expect(items.find(({ kind }) => kind === "save")?.waits).toMatchObject([{ nodeId: "yes", reason: "a look" }]);
    expect(items.find(({ nodeId }) => nodeId === "if")?.handles).toEqual(["true"]);
  });

  it("shows failed attempts with the time of the next one", async () => {
    const nodes = [{ id: "n1", retry: { maxAttempts: 2, backoffMs: 60_000 } }];
    const fail: NodeExecutor = () => {
      throw new Error("down");
    };
    const { engine } = setUp(fail, [{ id: "chain", nodes, edges: [] }]);
    await engine.executeWorkflow({ ...CALL, budgetMs: 1_000 });
    const inspection = await engine.inspectExecution({ executionId: "e1" });
    const { items } = await inspection.records({ limit: 10 });
    expect(items[0]).toMatchObject({ kind: "error", attempt: 1, error: { message: "down" } });
    expect(items.some(({ retryAt }) => retryAt !== undefined)).toBe(true);
    expect((await inspection.progress()).next).toEqual(["n1"]);
  });
});
