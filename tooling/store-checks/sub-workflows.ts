import { randomUUID } from "node:crypto";
import {
  type CheckpointStore,
  createWorkflowEngine,
  isWorkflowError,
  mapWorkflow,
  patch,
  subWorkflow,
  suspend,
} from "@waymark/core";
import { crashAt } from "@waymark/core/testing";
import { expect, it } from "vitest";

const CALL = { workflowId: "order", userId: "u1", initialData: { lines: ["a", "b", "c"] } };
const OUTPUT = { ...CALL.initialData, shipped: ["a!", "b!", "c!"], approved: "yes" };

/** An order whose lines are shipped by a workflow each, and that another workflow then has approved. */
function engineOn(store: CheckpointStore, runs: string[] = [], { maxRecoveries = 5, itemConcurrency = 2 } = {}) {
  return createWorkflowEngine({
    store,
    maxRecoveries,
    leaseMs: 0,
    storeRetryMs: 0,
    workflows: [
      {
        id: "order",
        nodes: [
          { id: "ship", type: "ship" },
          { id: "ask", type: "ask" },
        ],
        edges: [{ source: "ship", target: "ask" }],
      },
      { id: "shipment", nodes: [{ id: "label", type: "label" }], edges: [] },
      { id: "approval", nodes: [{ id: "wait", type: "wait" }], edges: [] },
    ],
    executors: {
      ship: mapWorkflow({
        ...{ workflowId: "shipment", items: "lines", as: "line", into: "shipped", itemConcurrency },
        output: ({ label }) => label,
      }),
      ask: subWorkflow({ workflowId: "approval", input: () => ({}) }),
      label: ({ context }) => {
        runs.push(String(context.line));
        return patch({ label: `${context.line}!` });
      },
      wait: ({ resume }) => (resume === undefined ? suspend() : patch({ approved: resume.data })),
    },
  });
}

/** Has cases that run parents and children on a store, through crashes, an answer, a cancel and deletions. */
export function itRunsSubWorkflows(storeOf: () => CheckpointStore): void {
  it("runs children of executions, also after a crash, and ends and deletes them with their parents", async () => {
    const store = storeOf();
    const engine = engineOn(store);
    for (const call of [2, 4, 6]) {
      const runs: string[] = [];
      const dying = engineOn(crashAt(store, { call, when: "after" }) as CheckpointStore, runs);
      const crash: unknown = await dying.executeWorkflow(CALL).catch((error: unknown) => error);
      if (!isWorkflowError(crash, "STORE_UNAVAILABLE")) throw crash;
      const executionId = String(crash.executionId);
      const living = engineOn(store, runs);
      const { status } = await living.resumeWorkflow({ executionId });
      expect([call, status]).toEqual([call, "suspended"]);
      const done = await living.resumeWorkflow({ executionId, data: "yes" });
      expect(done).toMatchObject({ status: "completed", output: OUTPUT });
      expect(runs.length).toBeLessThanOrEqual(5);
      expect((await store.listExecutions({ parentId: executionId })).items).toHaveLength(4);
      await engine.deleteExecution({ executionId });
      expect((await store.listExecutions({ parentId: executionId })).items).toEqual([]);
    }
    const { executionId, waiting } = await engine.executeWorkflow(CALL);
    await engine.cancelExecution({ executionId });
    const { items } = await store.listExecutions({ parentId: executionId, status: "cancelled" });
    expect(items).toMatchObject([{ workflowId: "approval", parentNodeId: "ask", parentVisit: 1 }]);
    const waitToken = String(waiting?.[0]?.waitToken);
    await expect(engine.answerWait({ waitToken, data: 1 })).rejects.toMatchObject({ code: "NOT_WAITING" });
    await engine.deleteExecution({ executionId });
  });

  it("recovers a parent more often than maxRecoveries says, as long as its children progress", async () => {
    const store = storeOf();
    const lines = Array.from({ length: 12 }, (_, index) => `line ${index}`);
    const executionId = `often-${randomUUID()}`;
    const call = { ...CALL, executionId, initialData: { lines } };
    // Each process dies once it has committed the nodes of a few children. One that it cut off might die too often itself.
    const often = { maxRecoveries: 1, itemConcurrency: 1 };
    const dying = () => engineOn(crashAt(store, { call: 4, when: "after" }) as CheckpointStore, [], often);
    let crashes = 0;
    let ended: unknown = await dying()
      .executeWorkflow(call)
      .catch((error: unknown) => error);
    while (isWorkflowError(ended, "STORE_UNAVAILABLE")) {
      crashes += 1;
      ended = await dying()
        .resumeWorkflow({ executionId })
        .catch((error: unknown) => error);
    }
    expect(ended).toMatchObject({ status: "suspended", output: { shipped: lines.map((line) => `${line}!`) } });
    expect(crashes).toBeGreaterThan(3);
    await engineOn(store).deleteExecution({ executionId });
  });
}
