import { describe, expect, it } from "vitest";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import { createWorkflowEngine, suspend, type WorkflowDefinition } from "../../src/index.ts";

const nodes = ["mail", "form", "ask", "end"].map((id) => ({ id }));
const workflow: WorkflowDefinition = {
  id: "w",
  nodes,
  edges: [
    { source: "mail", target: "ask" },
    { source: "form", target: "ask" },
    { source: "ask", target: "end" },
  ],
};
const CALL = { workflowId: "w", userId: "u1", executionId: "e1" };

function setUp(definition = workflow, store = new MemoryCheckpointStore()) {
  const ran: string[] = [];
  const engine = createWorkflowEngine({
    store,
    workflows: [definition],
    executors: {
      default: ({ context, node, resume }) => {
        if (node.id === "ask" && resume === undefined) return suspend();
        ran.push(node.id);
        return context;
      },
    },
  });
  return { engine, ran, store };
}

describe("an execution that starts at a node of the caller's choice", () => {
  it("keeps the start in resumes and forks", async () => {
    const { engine, ran } = setUp();
    await engine.executeWorkflow({ ...CALL, startAt: "form" });
    const fork = await engine.forkExecution({ executionId: "e1", at: { beforeNode: "ask" } });
    expect(await engine.resumeWorkflow({ executionId: "e1", data: 1 })).toMatchObject({
      currentStep: 3,
      totalSteps: 3,
    });
    expect(ran).toEqual(["form", "ask", "end"]);
    await engine.resumeWorkflow(fork);
    expect(await engine.resumeWorkflow({ ...fork, data: 1 })).toMatchObject({ status: "completed", currentStep: 3 });
    expect(ran).toEqual(["form", "ask", "end", "ask", "end"]);
  });

  it.each([
    ["an unknown node", "nope"],
    ["a node that edges lead to", "ask"],
    ["an empty list", []],
    ["a number", 7],
  ])("is refused at %s, and nothing is written", async (_what, startAt) => {
    const { engine, store } = setUp();
    await expect(engine.executeWorkflow({ ...CALL, startAt: startAt as string })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining("startAt"),
    });
    expect((await store.listExecutions()).items).toEqual([]);
  });

  it("names the item of a list that is no id", async () => {
    const call = { ...CALL, startAt: ["form", 7] as never };
    await expect(setUp().engine.executeWorkflow(call)).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringMatching(/startAt: must be the id of a node, or a list of ids, not 7/),
    });
  });

  it("does not start at a disabled node", async () => {
    const disabled = { ...workflow, nodes: nodes.map((node) => ({ ...node, disabled: node.id === "form" })) };
    const { engine } = setUp(disabled);
    await expect(engine.executeWorkflow({ ...CALL, startAt: ["form"] })).rejects.toMatchObject({
      code: "WORKFLOW_NO_START",
      message: expect.stringContaining("disabled"),
    });
  });

  it("cannot continue by a definition in which it could not have started there", async () => {
    const { engine, store } = setUp();
    await engine.executeWorkflow({ ...CALL, startAt: "form" });
    const before = await store.getExecution("e1");
    const changed = { ...workflow, edges: [...workflow.edges, { source: "mail", target: "form" }] };
    const other = setUp(changed, store).engine;
    const resumed = other.resumeWorkflow({ executionId: "e1", data: 1, definition: "current" });
    await expect(resumed).rejects.toMatchObject({ code: "DEFINITION_INCOMPATIBLE", details: { startAt: ["form"] } });
    expect({ ...(await store.getExecution("e1")), readAt: 0 }).toEqual({ ...before, readAt: 0 });
  });
});
