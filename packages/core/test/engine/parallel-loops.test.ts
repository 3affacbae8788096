import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import {
  add,
  createWorkflowEngine,
  end,
  isWorkflowError,
  type NodeExecutor,
  patch,
  route,
  type WorkflowDefinition,
} from "../../src/index.ts";
import { crashAt } from "../../src/testing/index.ts";
import { answerOf, definitionOf, LOOP_EXAMPLES, runName } from "../definition/loop-examples.ts";
import { randomAnswer, randomLoops } from "../definition/random-loops.ts";
import { immediateClock } from "../immediate-clock.ts";

type Answer = (nodeId: string, visit: number) => readonly string[] | null | undefined;

/** Runs nodes that take some turns of the event loop, so that they end in another order than they start in. */
function executorOf(answer: Answer, durations: readonly number[]) {
  const runs: string[] = [];
  const executor: NodeExecutor = async ({ node, visit }) => {
    for (let turn = durations[runs.push(runName(node.id, visit)) % durations.length] ?? 0; turn > 0; turn--) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    const result = patch({ [node.id]: visit, count: add(1) });
    const handles = answer(node.id, visit);
    if (handles === undefined) return result;
    return handles === null ? end(result) : route(result, handles);
  };
  return { runs, executor };
}

function engineOf(workflow: WorkflowDefinition, executor: NodeExecutor, options: object = {}) {
  const store = new MemoryCheckpointStore();
  return createWorkflowEngine({ store, workflows: [workflow], executors: { default: executor }, ...options });
}

/** A loop whose edge back leaves a disabled node never ends: such an execution fails at this limit, and is left out. */
const LIMIT = { maxNodeRuns: 200 };

const turns = fc.array(fc.nat(3), { minLength: 8, maxLength: 8 });

describe("loops whose nodes run side by side", () => {
  it.each(LOOP_EXAMPLES.filter(({ error }) => error === undefined))(
    "run as the example says: $name",
    async (example) => {
      const workflow = definitionOf(example);
      const startAt = example.startAt === undefined ? {} : { startAt: example.startAt };
      for (const durations of [[0], [1, 0], [0, 2, 1], [3, 0, 0, 1]]) {
        const { runs, executor } = executorOf((id, visit) => answerOf(example, id, visit), durations);
        const engine = engineOf(workflow, executor, { nodeConcurrency: 4 });
        const result = await engine.executeWorkflow({ workflowId: "example", userId: "u", ...startAt });
        const steps = example.runs?.length ?? 0;
        expect(result).toMatchObject({ status: "completed", currentStep: steps, totalSteps: steps });
        expect(runs.toSorted()).toEqual(example.runs?.toSorted());
        expect(result.output.count ?? 0).toBe(steps);
      }
    },
  );

  it("run the same nodes as one after the other, whichever ends first", async () => {
    await fc.assert(
      fc.asyncProperty(randomLoops(8), turns, async (random, durations) => {
        const { definition, startAt } = random;
        const call = { ...LIMIT, workflowId: "random", userId: "u", ...(startAt === undefined ? {} : { startAt }) };
        const made = await Promise.all(
          [1, 4].map(async (nodeConcurrency) => {
            const { runs, executor } = executorOf((id, visit) => randomAnswer(random, id, visit), durations);
            const engine = engineOf(definition, executor, { nodeConcurrency });
            const result = await engine.executeWorkflow(call).catch((error: unknown) => error);
            if (isWorkflowError(result)) return { code: result.code };
            const { status, output, currentStep, totalSteps } = result as Awaited<
              ReturnType<typeof engine.executeWorkflow>
            >;
            return {
              status,
              output: Object.entries(output).toSorted(),
              currentStep,
              totalSteps,
              runs: runs.toSorted(),
            };
          }),
        );
        if (made[0]?.status === "failed") expect(made[1]).toMatchObject({ status: "failed" });
        else expect(made[1]).toEqual(made[0]);
      }),
      { numRuns: 300 },
    );
  });

  it("are finished by another engine wherever the store breaks, and nothing committed runs again", async () => {
    const anyPlace = fc.record({
      call: fc.integer({ min: 1, max: 15 }),
      when: fc.constantFrom("before" as const, "after" as const),
    });
    await fc.assert(
      fc.asyncProperty(
        randomLoops(7),
        turns,
        anyPlace,
        fc.constantFrom(1, 3),
        async (random, durations, place, after) => {
          const { definition, startAt } = random;
          const call = { ...LIMIT, workflowId: "random", userId: "u", ...(startAt === undefined ? {} : { startAt }) };
          const answer: Answer = (id, visit) => randomAnswer(random, id, visit);
          const whole = executorOf(answer, [0]);
          const expected = await engineOf(definition, whole.executor)
            .executeWorkflow(call)
            .catch(() => undefined);
          if (expected?.status !== "completed") return;
          const data = new MemoryCheckpointStore();
          const { runs, executor } = executorOf(answer, durations);
          const first = engineOf(definition, executor, {
            ...{ nodeConcurrency: 4, leaseMs: 0, clock: immediateClock() },
            store: crashAt(data.reopen(), place),
          });
          const crash = await first.executeWorkflow(call).catch((error: unknown) => error);
          if (!isWorkflowError(crash, "STORE_UNAVAILABLE")) return;
          const executionId = String(crash.executionId);
          const second = engineOf(definition, executor, { nodeConcurrency: after, leaseMs: 0, store: data.reopen() });
          const state = await second.getExecutionState(executionId);
          const committed = state.getCheckpoints().map(({ nodeId, visit }) => runName(nodeId, visit));
          const before = runs.length;
          const result = await second.resumeWorkflow({ executionId }).catch((error: unknown) => error);
          if (!isWorkflowError(result, "INVALID_STATUS")) expect(result).toMatchObject({ status: "completed" });
          expect(runs.slice(before).filter((run) => committed.includes(run))).toEqual([]);
          expect([...new Set(runs)].toSorted()).toEqual(whole.runs.toSorted());
          const { count } = (await second.getExecutionState(executionId)).getContext();
          expect(count).toBe(expected.output.count);
        },
      ),
      { numRuns: 300 },
    );
  });
});
