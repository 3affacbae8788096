import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import {
  add,
  append,
  createWorkflowEngine,
  isWorkflowError,
  type NodeExecutor,
  patch,
  route,
} from "../../src/index.ts";
import { crashAt } from "../../src/testing/index.ts";
import { randomWorkflow } from "../definition/random-workflow.ts";
import { immediateClock } from "../immediate-clock.ts";

const call = { workflowId: "random", userId: "u" };

/** Turns of the event loop that each node takes, so that nodes end in another order than they start in. */
const turns = fc.array(fc.nat(4), { minLength: 16, maxLength: 16 });

function executorOf(choices: ReadonlyMap<string, readonly string[]>, durations: readonly number[]) {
  const runs: { nodeId: string; key: string; attempt: number }[] = [];
  let started = 0;
  const executor: NodeExecutor = async ({ node, idempotencyKey, attempt }) => {
    runs.push({ nodeId: node.id, key: idempotencyKey, attempt });
    for (let turn = durations[started++ % durations.length] ?? 0; turn > 0; turn--) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    const result = patch({ [node.id]: 1, count: add(1), log: append(node.id) });
    const handles = choices.get(node.id);
    return handles === undefined ? result : route(result, handles);
  };
  return { executor, runs };
}

describe("a run whose nodes run side by side", () => {
  it("runs the nodes that one after the other runs, each once, whichever ends first", async () => {
    await fc.assert(
      fc.asyncProperty(randomWorkflow(12), turns, fc.constantFrom(2, 4, 16), async (random, durations, together) => {
        const { definition, choices } = random;
        const results = await Promise.all(
          [1, together].map(async (nodeConcurrency) => {
            const { executor, runs } = executorOf(choices, durations);
            const options = { workflows: [definition], executors: { default: executor }, nodeConcurrency };
            const engine = createWorkflowEngine({ ...options, store: new MemoryCheckpointStore() });
            const { status, output, currentStep, totalSteps } = await engine.executeWorkflow(call);
            const log = [...(output.log as string[])].sort();
            return {
              status,
              currentStep,
              totalSteps,
              log,
              count: output.count,
              runs: runs.map((run) => run.nodeId).sort(),
            };
          }),
        );
        expect(results[1]).toEqual(results[0]);
        expect(results[1]?.runs).toEqual(results[1]?.log);
      }),
      { numRuns: 150 },
    );
  });

  it("is finished by another engine wherever its store breaks; nothing committed runs again, nothing is lost or doubled", async () => {
    await fc.assert(
      fc.asyncProperty(
        randomWorkflow(10),
        turns,
        fc.record({
          call: fc.integer({ min: 1, max: 12 }),
          when: fc.constantFrom("before" as const, "after" as const),
        }),
        fc.tuple(fc.constantFrom(2, 4), fc.constantFrom(1, 3)),
        async ({ definition, choices }, durations, place, [before, after]) => {
          const data = new MemoryCheckpointStore();
          const { executor, runs } = executorOf(choices, durations);
          const options = { workflows: [definition], executors: { default: executor }, leaseMs: 0 };
          const first = createWorkflowEngine({
            ...{ ...options, nodeConcurrency: before, clock: immediateClock() },
            store: crashAt(data.reopen(), place),
          });
          const crash = await first.executeWorkflow(call).catch((error: unknown) => error);
          if (!isWorkflowError(crash, "STORE_UNAVAILABLE")) return;
          const executionId = String(crash.executionId);
          const second = createWorkflowEngine({ ...options, nodeConcurrency: after, store: data.reopen() });
          const committed = (await second.getExecutionState(executionId)).getCheckpoints().map(({ nodeId }) => nodeId);
          const startedBefore = runs.length;
          const result = await second.resumeWorkflow({ executionId }).catch((error: unknown) => error);
          // The last commit was made, and the answer was lost.
          if (!isWorkflowError(result, "INVALID_STATUS")) expect(result).toMatchObject({ status: "completed" });
          const again = runs.slice(startedBefore).map(({ nodeId }) => nodeId);
          expect(again.filter((nodeId) => committed.includes(nodeId))).toEqual([]);
          const { log, count } = (await second.getExecutionState(executionId)).getContext() as {
            log: string[];
            count: number;
          };
          expect([...log].sort()).toEqual([...new Set(runs.map(({ nodeId }) => nodeId))].sort());
          expect(count).toBe(log.length);
          for (const nodeId of log) {
            const ofNode = runs.filter((run) => run.nodeId === nodeId);
            expect(new Set(ofNode.map(({ key }) => key)).size).toBe(1);
            expect(ofNode.length).toBeLessThanOrEqual(2);
            if (ofNode.length === 2) expect(ofNode[1]?.attempt).toBe(2);
          }
        },
      ),
      { numRuns: 400 },
    );
  });
});
