import { describe, expect, it } from "vitest";
import { compilePlan } from "../../src/definition/compile-plan.ts";
import { buildGraph } from "../../src/definition/graph.ts";
import { Planner } from "../../src/definition/planner.ts";
import { isWorkflowError, type WorkflowDefinition, type WorkflowError } from "../../src/index.ts";

type Edge = [source: number, target: number, sourceHandle?: string];

function planOf(size: number, edges: readonly Edge[]) {
  const definition: WorkflowDefinition = {
    id: "w",
    nodes: Array.from({ length: size }, (_, index) => ({ id: `n${index}` })),
    edges: edges.map(([source, target, sourceHandle]) => ({
      source: `n${source}`,
      target: `n${target}`,
      ...(sourceHandle === undefined ? {} : { sourceHandle }),
    })),
  };
  return compilePlan(buildGraph(definition));
}

function refusalOf(size: number, edges: readonly Edge[]): WorkflowError {
  try {
    planOf(size, edges);
  } catch (error) {
    if (isWorkflowError(error)) return error;
    throw error;
  }
  return expect.unreachable();
}

/** Settles every node that is ready, until none is. Returns the number of runs. */
function runAll(planner: Planner, handlesOf: (index: number, visit: number) => string[] | undefined): number {
  let runs = 0;
  for (let index = planner.next(); index !== undefined; index = planner.next()) {
    planner.settle(index, handlesOf(index, planner.visits(index) + 1));
    runs++;
  }
  return runs;
}

const row = (size: number): Edge[] => Array.from({ length: size - 1 }, (_, index) => [index, index + 1]);

describe("a graph of 100,000 nodes", () => {
  const size = 100_000;

  it("runs as a row, and dies as one", () => {
    expect(runAll(new Planner(planOf(size, row(size))), () => undefined)).toBe(size);
    const planner = new Planner(planOf(size, [[0, 1, "x"], ...row(size).slice(1)]));
    expect(runAll(planner, () => ["y"])).toBe(1);
    expect(planner.skipped).toHaveLength(size - 1);
  });

  it("runs as one loop", () => {
    const plan = planOf(size, [...row(size), [size - 1, 1, "again"]]);
    const again = (index: number, visit: number) => (index === size - 1 && visit === 1 ? ["again"] : ["x"]);
    expect(runAll(new Planner(plan), again)).toBe(2 * size - 1);
  });

  it("runs with 63 loops inside each other", () => {
    const back = Array.from({ length: 63 }, (_, index): Edge => [size - 1 - index, index + 1, "again"]);
    expect(runAll(new Planner(planOf(size, [...row(size), ...back])), () => ["x"])).toBe(size);
  });

  it("is refused in few words if it is a loop with two entries", () => {
    const ring = Array.from({ length: size - 1 }, (_, index): Edge => [index + 1, index + 2 === size ? 1 : index + 2]);
    const { code, message, details } = refusalOf(size, [[0, 1], [0, 70_000], ...ring]);
    expect(code).toBe("WORKFLOW_LOOP_INVALID");
    expect(message.length).toBeLessThan(500);
    expect(details).toMatchObject({
      nodeCount: size - 1,
      entries: ["n1", "n70000"],
      edges: [
        { source: "n0", target: "n1" },
        { source: "n0", target: "n70000" },
      ],
    });
    expect(details.nodeIds).toHaveLength(1_000);
  });
});

describe("a graph of 100,000 nodes and 1,000,000 edges", () => {
  const size = 100_000;
  const ahead = Array.from({ length: size - 1 }, (_, source) =>
    [1, 2, 3, 5, 8, 13, 21, 34, 55, 89].map((by): Edge => [source, Math.min(source + by, size - 1)]),
  ).flat();

  it("runs every node once", () => {
    expect(ahead.length).toBeGreaterThan(999_000);
    expect(runAll(new Planner(planOf(size, ahead)), () => undefined)).toBe(size);
  });

  it("runs as a loop of two rounds, inside a loop of one round", () => {
    const plan = planOf(size, [[0, 1], [1, 2], ...ahead.slice(20), [size - 2, 2, "inner"], [size - 1, 1, "outer"]]);
    const inner = (index: number, visit: number) => (index === size - 2 && visit === 1 ? ["inner"] : ["x"]);
    expect(runAll(new Planner(plan), inner)).toBe(2 + 2 * (size - 2));
  });
});

describe("10,000 loops", () => {
  const count = 10_000;

  it("are refused inside each other", () => {
    const back = Array.from({ length: count }, (_, index): Edge => [2 * count - 1 - index, index + 1]);
    const { code, message } = refusalOf(2 * count, [...row(2 * count), ...back]);
    expect(code).toBe("WORKFLOW_LOOP_INVALID");
    expect(message).toContain("64 loops inside each other");
  });

  it("run one behind the other", () => {
    const edges = Array.from({ length: count }, (_, loop): Edge[] => [
      [2 * loop, 2 * loop + 1],
      [2 * loop + 1, 2 * loop + 1, "again"],
      [2 * loop + 1, 2 * loop + 2, "x"],
    ]).flat();
    expect(runAll(new Planner(planOf(2 * count + 1, edges)), () => ["x"])).toBe(2 * count + 1);
  });
});
