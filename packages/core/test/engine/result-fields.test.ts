import { describe, expect, it } from "vitest";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import { createWorkflowEngine, type NodeExecutor, suspend, type WorkflowDefinition } from "../../src/index.ts";
import { append, chain } from "./chain.ts";

const CALL = { workflowId: "chain", userId: "u1", executionId: "e1" };
const FIELDS = [
  ...["success", "status", "executionId", "workflowId", "output", "checkpointsCount", "currentStep", "totalSteps"],
  ...["durationMs", "canResume", "definitionChanged"],
];

function engineOf(store: MemoryCheckpointStore, executor: NodeExecutor, workflows: WorkflowDefinition[] = [chain(2)]) {
  return createWorkflowEngine({ store, workflows, executors: { default: executor } });
}

describe("a result", () => {
  it("has every field that its status promises, and no other", async () => {
    const until = Date.UTC(2030, 0, 1);
    const ends: [string, NodeExecutor, object, string[]][] = [
      ["completed", append, {}, []],
      ["failed", () => Promise.reject(new Error("boom")), {}, ["error", "failure"]],
      ["pending", append, { budgetMs: 0 }, []],
      ["suspended", () => suspend(), {}, ["waiting"]],
      ["suspended", () => suspend({ until }), {}, ["waiting", "wakeAt"]],
    ];
    for (const [status, executor, options, more] of ends) {
      const result = await engineOf(new MemoryCheckpointStore(), executor).executeWorkflow({ ...CALL, ...options });
      expect(Object.keys(result).sort()).toEqual([...FIELDS, ...more].sort());
      expect(result).toMatchObject({ status, success: status === "completed", definitionChanged: false });
      if ("wakeAt" in result) expect(result.wakeAt).toBe("2030-01-01T00:00:00.000Z");
    }
  });

  it("of a resume that leaves a wait alone says the same as that of the run", async () => {
    const store = new MemoryCheckpointStore();
    const engine = engineOf(store, () => suspend({ until: Date.UTC(2030, 0, 1) }));
    const { durationMs: _first, ...run } = await engine.executeWorkflow(CALL);
    const { durationMs: _second, ...rest } = await engine.resumeWorkflow({ executionId: "e1" });
    expect(rest).toEqual(run);
  });
});

describe("definitionChanged", () => {
  const changed = { ...chain(2), nodes: [{ id: "n1" }, { id: "n2", name: "other" }] };
  it.each<[string, WorkflowDefinition[], object, boolean]>([
    ["the same", [chain(2)], {}, false],
    [
      "the same but for the ids of its edges",
      [{ ...chain(2), edges: [{ id: "x", source: "n1", target: "n2" }] }],
      {},
      false,
    ],
    ["another one", [changed], {}, true],
    ["another one, which the resume takes", [changed], { definition: "current" }, false],
    ["none", [], {}, true],
  ])("of a resume by an engine that has %s", async (_title, workflows, options, expected) => {
    const store = new MemoryCheckpointStore();
    await engineOf(store, append).executeWorkflow({ ...CALL, budgetMs: 0 });
    const result = await engineOf(store, append, workflows).resumeWorkflow({ executionId: "e1", ...options });
    expect(result).toMatchObject({ status: "completed", definitionChanged: expected });
  });
});
