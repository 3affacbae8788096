import { describe, expect, it } from "vitest";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import { createWorkflowEngine, type NodeExecutor, route, type WorkflowDefinition } from "../../src/index.ts";

const chain = (length: number): WorkflowDefinition => ({
  id: "chain",
  nodes: Array.from({ length }, (_, i) => ({ id: `n${i}` })),
  edges: Array.from({ length: length - 1 }, (_, i) => ({ source: `n${i}`, target: `n${i + 1}` })),
});

const append: NodeExecutor = ({ context, node }) => ({
  ...context,
  ran: [...((context.ran as string[] | undefined) ?? []), node.id],
});

describe("executeWorkflow", () => {
  it("runs every node and keeps a checkpoint after each", async () => {
    const store = new MemoryCheckpointStore();
    const { executeWorkflow, getExecutionState } = createWorkflowEngine({
      store,
      workflows: [chain(3)],
      executors: { default: append },
    });
    const result = await executeWorkflow({ workflowId: "chain", userId: "u1", initialData: { a: 1 } });
    expect(result).toMatchObject({
      success: true,
      status: "completed",
      output: { a: 1, ran: ["n0", "n1", "n2"] },
      checkpointsCount: 3,
      currentStep: 3,
      totalSteps: 3,
      canResume: false,
    });
    const state = await getExecutionState(result.executionId);
    expect(state.getCheckpoints().map(({ nodeId, stepNumber, context }) => ({ nodeId, stepNumber, context }))).toEqual([
      { nodeId: "n0", stepNumber: 1, context: { a: 1, ran: ["n0"] } },
      { nodeId: "n1", stepNumber: 2, context: { a: 1, ran: ["n0", "n1"] } },
      { nodeId: "n2", stepNumber: 3, context: { a: 1, ran: ["n0", "n1", "n2"] } },
    ]);
    expect(state.getStatus()).toBe("completed");
  });

  it("leaves an error checkpoint and resumes at the failed node", async () => {
    const ran: string[] = [];
    let broken = true;
    const executor: NodeExecutor = (args) => {
      ran.push(`${args.node.id}#${args.attempt}`);
      if (args.node.id === "n2" && broken) throw new Error("boom");
      return append(args);
    };
    const { executeWorkflow, resumeWorkflow, getExecutionState } = createWorkflowEngine({
      store: new MemoryCheckpointStore(),
      workflows: [chain(4)],
      executors: { default: executor },
    });
    const failed = await executeWorkflow({ workflowId: "chain", userId: "u1" });
    expect(failed).toMatchObject({
      success: false,
      status: "failed",
      error: "boom",
      failure: { code: "NODE_FAILED", nodeId: "n2", attempts: 1 },
      checkpointsCount: 3,
      currentStep: 2,
      totalSteps: 4,
      canResume: true,
    });
    broken = false;
    const resumed = await resumeWorkflow({ executionId: failed.executionId });
    expect(resumed).toMatchObject({ status: "completed", output: { ran: ["n0", "n1", "n2", "n3"] } });
    expect(ran).toEqual(["n0#1", "n1#1", "n2#1", "n2#2", "n3#1"]);
    const checkpoints = (await getExecutionState(failed.executionId)).getCheckpoints();
    expect(checkpoints[2]).toMatchObject({ nodeId: "n2", stepNumber: 3, context: { ran: ["n0", "n1"] } });
    expect(checkpoints[2]?.error).toMatchObject({ message: "boom" });
  });

  it("takes the routed branch and skips the other", async () => {
    const { executeWorkflow } = createWorkflowEngine({
      store: new MemoryCheckpointStore(),
      workflows: [
        {
          id: "branch",
          nodes: [{ id: "if", type: "if" }, { id: "yes" }, { id: "no" }, { id: "join" }],
          edges: [
            { source: "if", target: "yes", sourceHandle: "true" },
            { source: "if", target: "no", sourceHandle: "false" },
            { source: "yes", target: "join" },
            { source: "no", target: "join" },
          ],
        },
      ],
      executors: { if: ({ context }) => route(context, "true"), default: append },
    });
    const result = await executeWorkflow({ workflowId: "branch", userId: "u1" });
    expect(result).toMatchObject({ output: { ran: ["yes", "join"] }, currentStep: 3, totalSteps: 3 });
  });
});
