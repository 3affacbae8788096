import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import { createWorkflowEngine, type ForkPoint, type NodeExecutor, route } from "../../src/index.ts";
import { randomWorkflow } from "../definition/random-workflow.ts";
import { immediateClock } from "../immediate-clock.ts";
import { assertExact } from "../state/exact.ts";
import { append } from "./chain.ts";

const CALL = { workflowId: "random", userId: "u1" };

describe("a fork of an execution of any workflow, at each of its records", () => {
  it("comes to the same result, and runs no node from before the point", async () => {
    const failures = fc.array(fc.nat({ max: 2 }), { minLength: 10, maxLength: 10 });
    await fc.assert(
      fc.asyncProperty(
        randomWorkflow(10),
        failures,
        fc.boolean(),
        async ({ definition, choices }, failuresOf, hasSnapshots) => {
          const completed: string[] = [];
          const executor: NodeExecutor = (args) => {
            const { node, attempt } = args;
            if (attempt <= (failuresOf[Number(node.id.slice(1))] ?? 0)) throw new Error(`503, the ${attempt}. time`);
            completed.push(node.id);
            const handles = choices.get(node.id);
            // Large changes make most checkpoints snapshots.
            const large = hasSnapshots ? { blob: node.id.repeat(1_000) } : {};
            const context = { ...(append(args) as Record<string, unknown>), ...large };
            return handles === undefined ? context : route(context, handles);
          };
          const engine = createWorkflowEngine({
            store: new MemoryCheckpointStore(),
            workflows: [definition],
            executors: { default: executor },
            retry: { maxAttempts: 3, backoffMs: 1 },
            clock: immediateClock(),
          });
          const whole = await engine.executeWorkflow(CALL);
          expect(whole.status).toBe("completed");
          const { executionId } = whole;
          const ran = completed.splice(0);
          const checkpoints = (await engine.getExecutionState(executionId)).getCheckpoints();
          const points: { at: ForkPoint; step: number }[] = [
            ...checkpoints.map(({ id, stepNumber, error }) => ({
              at: { checkpointId: id },
              step: error === undefined ? stepNumber : stepNumber - 1,
            })),
            ...[0, ...ran.keys()].map((index) => ({ at: { stepNumber: index }, step: index })),
            ...ran.map((beforeNode, step) => ({ at: { beforeNode }, step })),
          ];
          for (const { at, step } of points) {
            const fork = await engine.forkExecution({ executionId, at });
            const state = await engine.getExecutionState(fork.executionId);
            expect(state.getCurrentStep()).toBe(step);
            expect(state.getContext().ran ?? []).toEqual(ran.slice(0, step));
            const result = await engine.resumeWorkflow(fork);
            assertExact(result.output, whole.output);
            expect(result).toMatchObject({
              status: "completed",
              currentStep: ran.length,
              totalSteps: whole.totalSteps,
            });
            expect(completed.splice(0)).toEqual(ran.slice(step));
          }
        },
      ),
      { numRuns: 40 },
    );
  });
});
