import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isThorough } from "../../../../tooling/thorough.ts";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import { compilePlan } from "../../src/definition/compile-plan.ts";
import { buildGraph } from "../../src/definition/graph.ts";
import { Planner } from "../../src/definition/planner.ts";
import { readResult } from "../../src/engine/node-outcome.ts";
import {
  createWorkflowEngine,
  type NodeExecutor,
  type WorkflowDefinition,
  type WorkflowNode,
} from "../../src/index.ts";
import { createRecorder, createRollout, type Recording, type ShadowOutcome } from "../../src/migration/index.ts";
import { createWorkflowExecutor } from "../../src/v1/index.ts";
import { SILENT } from "../engine/silent.ts";
import { KINDS } from "./planted.ts";
import { EXECUTORS, effects, graphs, LIVE } from "./random-graph.ts";

/** The random graphs for each kind of difference. */
const RUNS = isThorough ? 100 : 30;
const CALL = { workflowId: "graph", userId: "u1", initialData: { n: { deep: [{ inside: 1 }] } } };

/** The two shapes of V1: Waymark's, and one that calls its registry with `{ context, nodeId, data }`. */
type Shape = "waymark" | "own";

async function shadow(workflow: WorkflowDefinition, shape: Shape, v2 = { workflow, executors: EXECUTORS }) {
  let recording: Recording | undefined;
  let found: ShadowOutcome | undefined;
  const recorder = createRecorder({
    onRecording: (made) => {
      recording = made;
    },
  });
  const wrapped = Object.fromEntries(Object.entries(EXECUTORS).map(([type, run]) => [type, recorder.wrap(type, run)]));
  const { executeWorkflow, settled } = createRollout({
    v1:
      shape === "waymark"
        ? createWorkflowExecutor({ workflows: [workflow], executors: wrapped }).executeWorkflowSync
        : () => runOwn(workflow, wrapped),
    v2: createWorkflowEngine({
      store: new MemoryCheckpointStore(),
      workflows: [v2.workflow],
      executors: v2.executors,
      logger: SILENT,
    }),
    percent: 0,
    shadow: recorder,
    compare: { live: LIVE },
    onOutcome: (outcome) => {
      if (outcome.kind === "shadow") found = outcome;
    },
  });
  effects.length = 0;
  const result = await executeWorkflow(structuredClone(CALL));
  const effectsOfV1 = effects.length;
  await settled();
  // A comparison has no side effect.
  expect(effects).toHaveLength(effectsOfV1);
  expect(result.success).toBe(true);
  return { found: found as ShadowOutcome, ran: (recording as Recording).nodes.map(({ nodeId }) => nodeId as string) };
}

/** An old executor of somebody's own: one context, and executors that do not know their node, but for its id. */
async function runOwn(workflow: WorkflowDefinition, registry: Record<string, NodeExecutor>) {
  const planner = new Planner(compilePlan(buildGraph(workflow)));
  let context: Record<string, unknown> = structuredClone(CALL.initialData);
  for (let index = planner.next(); index !== undefined; index = planner.next()) {
    const { id: nodeId, type = "", data } = workflow.nodes[index] as WorkflowNode;
    const executor = registry[type] as unknown as (args: object) => unknown;
    const result = readResult(await executor({ context, nodeId, data, node: { id: nodeId } }), nodeId);
    if (result.kind !== "next") throw new Error("It waits.");
    context = result.context ?? { ...context, ...result.changes };
    planner.settle(index, result.handles);
  }
  return { success: true, output: context };
}

const shapes = fc.constantFrom<Shape>("waymark", "own");

describe("over random graphs, with a V1 that changes its context in place", () => {
  it("a comparison finds nothing if there is nothing, beside times and random values", async () => {
    await fc.assert(
      fc.asyncProperty(graphs, shapes, async (workflow, shape) => {
        const { found, ran } = await shadow(workflow, shape);
        expect(found).toMatchObject({ result: "equal" });
        expect(found.liveNodes + found.recordedNodes).toBe(ran.length);
      }),
      { numRuns: isThorough ? 300 : 60 },
    );
  });

  it.each(Object.entries(KINDS))("a comparison finds %s at its node", async (_kind, plant) => {
    let planted = 0;
    await fc.assert(
      fc.asyncProperty(graphs, fc.nat(), shapes, async (workflow, at, shape) => {
        const { ran } = await shadow(workflow, shape);
        const candidates = workflow.nodes.filter(({ id }) => ran.includes(id));
        const v2 = [...candidates.slice(at % candidates.length), ...candidates]
          .map((node) => plant(workflow, node))
          .find((made) => made !== undefined);
        if (v2 === undefined) return;
        planted += 1;
        const { found } = await shadow(workflow, shape, v2);
        expect(found).toMatchObject({ result: "different" });
        expect(v2.expected).toContain(found.difference?.nodeId);
      }),
      { numRuns: RUNS },
    );
    expect(planted).toBeGreaterThan(RUNS / 4);
  });
});
