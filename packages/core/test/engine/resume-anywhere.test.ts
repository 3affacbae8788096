import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import {
  createWorkflowEngine,
  isWorkflowError,
  type NodeExecutor,
  route,
  type WorkflowDefinition,
} from "../../src/index.ts";
import { crashAt } from "../../src/testing/index.ts";
import { randomWorkflow } from "../definition/random-workflow.ts";
import { immediateClock } from "../immediate-clock.ts";
import { assertExact } from "../state/exact.ts";
import { anyContext } from "../state/values.ts";
import { append, chain } from "./chain.ts";

describe("an execution that failed at any node", () => {
  it("continues to the same output and runs no completed node again", async () => {
    await fc.assert(
      fc.asyncProperty(randomWorkflow(12), async ({ definition, choices }) => {
        const executor: NodeExecutor = (args) => {
          const handles = choices.get(args.node.id);
          const context = append(args) as Record<string, unknown>;
          return handles === undefined ? context : route(context, handles);
        };
        const whole = await engineOf(definition, executor).executeWorkflow({ workflowId: "random", userId: "u1" });
        const expected = whole.output.ran as string[];
        for (const failing of expected) {
          const completed: string[] = [];
          let broken = true;
          const engine = engineOf(definition, (args) => {
            if (args.node.id === failing && broken) throw new Error("boom");
            completed.push(args.node.id);
            return executor(args);
          });
          const failed = await engine.executeWorkflow({ workflowId: "random", userId: "u1" });
          expect(failed).toMatchObject({ status: "failed", failure: { nodeId: failing } });
          broken = false;
          const resumed = await engine.resumeWorkflow({ executionId: failed.executionId });
          expect(resumed).toMatchObject({ status: "completed", totalSteps: expected.length });
          assertExact(resumed.output, whole.output);
          expect(completed).toEqual(expected);
        }
      }),
      { numRuns: 40 },
    );
  });
});

describe.each(["sync", "async"] as const)("a run whose store breaks at any commit, in %s durability", (durability) => {
  const LENGTH = 6;
  const places = Array.from({ length: LENGTH }, (_, index) => index + 1).flatMap((call) =>
    (["before", "after"] as const).map((when) => ({ call, when })),
  );

  it.each(places)("is finished by another engine: commit $call, $when it was made", async (place) => {
    const data = new MemoryCheckpointStore();
    const runs = new Map<string, number>();
    const keys = new Map<string, Set<string>>();
    const executor: NodeExecutor = (args) => {
      runs.set(args.node.id, (runs.get(args.node.id) ?? 0) + 1);
      keys.set(args.node.id, (keys.get(args.node.id) ?? new Set()).add(args.idempotencyKey));
      return append(args);
    };
    const options = { workflows: [chain(LENGTH)], executors: { default: executor }, durability, leaseMs: 0 };
    const first = createWorkflowEngine({ ...options, store: crashAt(data.reopen(), place), clock: immediateClock() });
    const crash = await first.executeWorkflow({ workflowId: "chain", userId: "u1" }).catch((error: unknown) => error);
    if (!isWorkflowError(crash, "STORE_UNAVAILABLE")) throw crash;
    const executionId = String(crash.executionId);
    const committed = (await data.getExecution(executionId))?.currentStep ?? 0;

    const second = createWorkflowEngine({ ...options, store: data.reopen() });
    const result = await second.resumeWorkflow({ executionId }).catch((error: unknown) => error);
    if (isWorkflowError(result, "INVALID_STATUS"))
      expect(committed).toBe(LENGTH); // the last commit was made
    else expect(result).toMatchObject({ status: "completed", currentStep: LENGTH });
    const state = await second.getExecutionState(executionId);
    expect(state.getContext()).toEqual({ ran: chain(LENGTH).nodes.map(({ id }) => id) });
    for (const [nodeId, count] of runs) {
      const step = Number(nodeId.slice(1));
      if (step <= committed) expect(count).toBe(1);
      else expect(count).toBeLessThanOrEqual(2);
      expect(keys.get(nodeId)?.size).toBe(1);
    }
    const again = [...runs.values()].filter((count) => count > 1).length;
    expect(again).toBeLessThanOrEqual(durability === "sync" ? 1 : 2);
  });
});

describe("what a node sees", () => {
  it("is the same live and after a resume by a new engine, for any context", async () => {
    await fc.assert(
      fc.asyncProperty(anyContext, anyContext, async (initialData, next) => {
        const seen: unknown[] = [];
        let fail = true;
        const executors = {
          make: () => next,
          look: ({ context }: { context: object }) => {
            seen.push(context);
            if (fail) throw new Error("boom");
            return context as Record<string, unknown>;
          },
        };
        const workflows = [
          {
            id: "look",
            nodes: [
              { id: "make", type: "make" },
              { id: "look", type: "look" },
            ],
            edges: [{ source: "make", target: "look" }],
          },
        ];
        const store = new MemoryCheckpointStore();
        const live = createWorkflowEngine({ store, workflows, executors });
        const { executionId } = await live.executeWorkflow({ workflowId: "look", userId: "u1", initialData });
        fail = false;
        const resumed = createWorkflowEngine({ store: store.reopen(), workflows, executors });
        const result = await resumed.resumeWorkflow({ executionId });
        expect(seen).toHaveLength(2);
        assertExact(seen[0], next);
        assertExact(seen[1], next);
        assertExact(result.output, next);
        const [first] = (await resumed.getExecutionState(executionId)).getCheckpoints();
        assertExact(first?.context, next);
      }),
      { numRuns: 200 },
    );
  });

  it("does not change by what a node does to a Map, a Date or bytes that it does not return", async () => {
    const { executeWorkflow } = engineOf(chain(2), ({ context, node }) => {
      if (node.id === "n1") {
        (context.map as Map<string, number>).set("x", 1);
        (context.at as Date).setTime(1);
        (context.bytes as Uint8Array)[0] = 9;
        return { ...context, map: new Map(), at: new Date(0), bytes: new Uint8Array(1) };
      }
      return { ...context, seen: [(context.map as Map<string, number>).size, Number(context.at), context.bytes] };
    });
    const initialData = { map: new Map(), at: new Date(0), bytes: new Uint8Array(1) };
    const { output } = await executeWorkflow({ workflowId: "chain", userId: "u1", initialData });
    expect(output.seen).toEqual([0, 0, new Uint8Array(1)]);
    expect(initialData).toEqual({ map: new Map(), at: new Date(0), bytes: new Uint8Array(1) });
  });
});

function engineOf(definition: WorkflowDefinition, executor: NodeExecutor) {
  return createWorkflowEngine({
    store: new MemoryCheckpointStore(),
    workflows: [definition],
    executors: { default: executor },
  });
}
