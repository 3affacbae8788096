import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import { createWorkflowEngine, type NodeExecutor, route } from "../../src/index.ts";
import { createWorkflowExecutor } from "../../src/v1/index.ts";
import { type Choices, planByRules } from "./oracle.ts";
import { randomWorkflow } from "./random-workflow.ts";

function recorder(choices: Choices): { ran: string[]; executor: NodeExecutor } {
  const ran: string[] = [];
  const executor: NodeExecutor = ({ context, node }) => {
    ran.push(node.id);
    const handles = choices.get(node.id);
    return handles === undefined ? { ...context } : route({ ...context }, handles);
  };
  return { ran, executor };
}

describe("the plan", () => {
  it("follows the rules in V1 and V2, for random workflows", async () => {
    await fc.assert(
      fc.asyncProperty(randomWorkflow(60), async ({ definition, choices }) => {
        const expected = planByRules(definition, choices);
        const v1 = recorder(choices);
        const old = createWorkflowExecutor({ workflows: [definition], executors: { default: v1.executor } });
        expect((await old.executeWorkflowSync({ workflowId: "random", userId: "u1" })).success).toBe(true);
        expect(v1.ran).toEqual(expected.ran);

        const v2 = recorder(choices);
        const skipped: string[] = [];
        const engine = createWorkflowEngine({
          store: new MemoryCheckpointStore(),
          workflows: [definition],
          executors: { default: v2.executor },
          onEvent: (event) => void (event.type === "node.skipped" && skipped.push(event.nodeId)),
        });
        const result = await engine.executeWorkflow({ workflowId: "random", userId: "u1" });
        expect(v2.ran).toEqual(expected.ran);
        expect(skipped.toSorted()).toEqual(expected.skipped.toSorted());
        expect(result).toMatchObject({
          success: true,
          currentStep: expected.ran.length,
          totalSteps: expected.ran.length,
          checkpointsCount: expected.ran.length,
        });
      }),
      { numRuns: 150 },
    );
  });

  it("follows the rules for random workflows of up to 200 nodes", async () => {
    await fc.assert(
      fc.asyncProperty(randomWorkflow(200), async ({ definition, choices }) => {
        const expected = planByRules(definition, choices).ran;
        const [v1, v2] = [recorder(choices), recorder(choices)];
        await createWorkflowExecutor({
          workflows: [definition],
          executors: { default: v1.executor },
        }).executeWorkflowSync({ workflowId: "random", userId: "u1" });
        await createWorkflowEngine({
          store: new MemoryCheckpointStore(),
          workflows: [definition],
          executors: { default: v2.executor },
        }).executeWorkflow({ workflowId: "random", userId: "u1" });
        expect(v1.ran).toEqual(expected);
        expect(v2.ran).toEqual(expected);
      }),
      { numRuns: 25 },
    );
  });
});
