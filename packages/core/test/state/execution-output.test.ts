import { describe, expect, it } from "vitest";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import { createWorkflowEngine, type ExecutionOutput } from "../../src/index.ts";

const OUTPUT: ExecutionOutput = {
  checkpoints: [
    { nodeId: "n1", nodeName: "http", stepNumber: 1, context: { a: 1 }, timestamp: "2025-01-01T00:00:00.000Z" },
    {
      nodeId: "n2",
      nodeName: "llm",
      stepNumber: 2,
      context: { a: 1 },
      timestamp: "2025-01-01T00:00:05.000Z",
      error: "429 Too Many Requests",
    },
  ],
  currentContext: { a: 1 },
  currentStep: 1,
  totalSteps: 3,
  error: "429 Too Many Requests",
};
const ROW = { workflowId: "chain", userId: "u1", output: OUTPUT };

function setUp() {
  const store = new MemoryCheckpointStore();
  const started: string[] = [];
  const engine = createWorkflowEngine({
    store,
    workflows: [
      {
        id: "chain",
        nodes: [{ id: "n1" }, { id: "n2" }, { id: "n3" }],
        edges: [
          { source: "n1", target: "n2" },
          { source: "n2", target: "n3" },
        ],
      },
    ],
    executors: {
      default: ({ context, node }) => {
        started.push(node.id);
        return { ...context, [node.id]: true };
      },
    },
  });
  return { store, started, ...engine };
}

describe("importExecutionOutput", () => {
  it("takes in an old row, which then reads the same and goes on where it failed", async () => {
    const { WorkflowState, resumeWorkflow, started } = setUp();
    for (const output of [OUTPUT, JSON.stringify(OUTPUT)]) {
      const state = await WorkflowState.importExecutionOutput({ ...ROW, output });
      expect(state.getStatus()).toBe("failed");
      expect(state.toExecutionOutput()).toEqual(OUTPUT);
      const result = await resumeWorkflow({ executionId: state.getExecutionId() });
      expect(result).toMatchObject({ status: "completed", output: { a: 1, n2: true, n3: true }, totalSteps: 3 });
    }
    expect(started).toEqual(["n2", "n3", "n2", "n3"]);
  });

  it("takes in one without checkpoints, and tells a completed one by its steps", async () => {
    const { WorkflowState } = setUp();
    const fresh = { checkpoints: [], currentContext: { a: 1 }, currentStep: 0, totalSteps: 3 };
    const state = await WorkflowState.importExecutionOutput({ ...ROW, executionId: "old-1", output: fresh });
    expect([state.getExecutionId(), state.getStatus(), state.getContext()]).toEqual(["old-1", "pending", { a: 1 }]);
    const done = await WorkflowState.importExecutionOutput({ ...ROW, output: { ...fresh, currentStep: 3 } });
    expect(done.getStatus()).toBe("completed");
  });

  it.each([
    ["JSON", "{"],
    ["an object", "[]"],
    ["currentStep", { ...OUTPUT, currentStep: -1 }],
    ["totalSteps", { ...OUTPUT, totalSteps: undefined }],
    ["currentContext", { ...OUTPUT, currentContext: null }],
    ["checkpoints[0].nodeId", { ...OUTPUT, checkpoints: [{ ...OUTPUT.checkpoints[0], nodeId: "" }] }],
    ["checkpoints[0].timestamp", { ...OUTPUT, checkpoints: [{ ...OUTPUT.checkpoints[0], timestamp: "soon" }] }],
    [
      "checkpoints[1].context",
      { ...OUTPUT, checkpoints: [OUTPUT.checkpoints[0], { ...OUTPUT.checkpoints[1], context: 1 }] },
    ],
  ])("refuses what is wrong with %s, and writes nothing", async (what, output) => {
    const { WorkflowState, store } = setUp();
    await expect(WorkflowState.importExecutionOutput({ ...ROW, output: output as never })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining(what),
    });
    expect((await store.listExecutions()).items).toEqual([]);
  });

  it("deletes what it wrote when the store fails half-way", async () => {
    const { WorkflowState, store } = setUp();
    const commit = store.commit.bind(store);
    let commits = 0;
    store.commit = async (id, request) => {
      if (++commits === 2) throw Object.assign(new Error("disk full"), { code: "X" });
      return commit(id, request);
    };
    await expect(WorkflowState.importExecutionOutput(ROW)).rejects.toThrow("disk full");
    expect((await store.listExecutions()).items).toEqual([]);
  });
});

describe("toExecutionOutput", () => {
  it("is plain JSON, from which values that JSON does not have come back", async () => {
    const { WorkflowState } = setUp();
    const context = { at: new Date(0), big: 2n, tags: new Set(["a"]) };
    const state = await WorkflowState.create("chain", "u1", {}, 1);
    state.setContext(context);
    state.incrementStep();
    await state.createCheckpoint("n1", "http");
    const text = JSON.stringify(state.toExecutionOutput());
    const imported = await WorkflowState.importExecutionOutput({ ...ROW, output: text });
    expect(imported.getContext()).toEqual(context);
    expect(imported.getLastCheckpoint()?.context).toEqual(context);
  });
});
