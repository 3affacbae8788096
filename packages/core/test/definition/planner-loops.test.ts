import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compilePlan } from "../../src/definition/compile-plan.ts";
import { buildGraph } from "../../src/definition/graph.ts";
import type { Plan } from "../../src/definition/plan.ts";
import { Planner, type PlanState } from "../../src/definition/planner.ts";
import { isWorkflowError } from "../../src/index.ts";
import { LoopOracle } from "./loop-oracle.ts";
import { type RandomLoops, randomAnswer } from "./random-loops.ts";
import { anyLoops } from "./random-structured.ts";

/** Compiles a random workflow; `undefined` if its loops or its start are not valid. */
function compiled({ definition, startAt }: RandomLoops): Plan | undefined {
  try {
    return compilePlan(buildGraph(definition), startAt);
  } catch (error) {
    if (isWorkflowError(error)) return undefined;
    throw error;
  }
}

/** A planner that keeps what a stored state keeps: the runs of the present rounds, in their order. */
class KeptPlanner {
  readonly #plan: Plan;
  planner: Planner;
  ran: { index: number; handles?: readonly string[] | null | undefined }[] = [];

  constructor(plan: Plan) {
    this.#plan = plan;
    this.planner = new Planner(plan);
  }

  settle(index: number, handles: readonly string[] | null | undefined): void {
    this.planner.settle(index, handles);
    this.ran = [...this.ran.filter((each) => each.index !== index), { index, handles }].filter((each) =>
      this.planner.hasRun(each.index),
    );
  }

  /** As JSON: what another process would read. */
  state(): string {
    const visits = [...this.#plan.graph.nodes.keys()].map((index) => [index, this.planner.visits(index)]);
    return JSON.stringify({ ran: this.ran, left: this.planner.leftEdges(), visits });
  }

  restore(): void {
    const { ran, left, visits } = JSON.parse(this.state()) as PlanState & { visits: [number, number][] };
    this.planner = new Planner(this.#plan, { ran, left, visits: new Map(visits) });
  }
}

/** The nodes that may run now, whatever is in flight. */
function readyOf(planner: Planner, inFlight: readonly number[]): number[] {
  const parked: number[] = [];
  for (let index = planner.next(); index !== undefined; index = planner.next()) {
    parked.push(index);
    planner.park(index);
  }
  for (const index of parked) planner.wake(index);
  return [...parked, ...inFlight].toSorted((a, b) => a - b);
}

/** The most runs of a workflow. A loop whose edge back leaves a disabled node never ends by itself. */
const MOST_RUNS = 200;

/** Runs a workflow to its end, or up to {@link MOST_RUNS}. `pick` chooses which node in flight completes; `settled` is called after each run. */
function runAll(
  workflow: RandomLoops,
  plan: Plan,
  {
    atOnce,
    pick,
    settled,
  }: {
    atOnce: number;
    pick: (count: number) => number;
    settled: (kept: KeptPlanner, index: number, inFlight: number[]) => void;
  },
): string[] {
  const kept = new KeptPlanner(plan);
  const runs: string[] = [];
  const inFlight: number[] = [];
  for (;;) {
    for (let next = kept.planner.next(); next !== undefined && inFlight.length < atOnce; next = kept.planner.next()) {
      kept.planner.park(next);
      inFlight.push(next);
    }
    const [index] = inFlight.splice(pick(inFlight.length), 1);
    if (index === undefined || runs.length === MOST_RUNS) return runs;
    const { id } = plan.graph.nodes[index] ?? { id: "" };
    const visit = kept.planner.visits(index) + 1;
    kept.settle(index, randomAnswer(workflow, id, visit));
    runs.push(`${id}#${visit}`);
    settled(kept, index, inFlight);
    for (const each of inFlight) kept.planner.park(each);
  }
}

const NOTHING = () => undefined;

describe("the planner, on random graphs with loops", () => {
  it("runs what the rules say, in their order, and counts what can still run", () => {
    let loops = 0;
    fc.assert(
      fc.property(anyLoops(9), (workflow) => {
        const plan = compiled(workflow);
        if (plan === undefined) return;
        const { nodes } = plan.graph;
        const oracle = new LoopOracle(workflow.definition, workflow.startAt);
        if (oracle.loops.length > 0) loops++;
        runAll(workflow, plan, {
          atOnce: 1,
          pick: () => 0,
          settled: ({ planner }, index) => {
            const { id } = nodes[index] ?? { id: "" };
            expect(oracle.ready()[0]).toBe(id);
            oracle.run(id, randomAnswer(workflow, id, oracle.visits(id) + 1));
            expect(readyOf(planner, []).map((each) => nodes[each]?.id)).toEqual(oracle.ready());
            expect(planner.open).toBe(oracle.open());
            expect(planner.skipped.map((each) => nodes[each]?.id ?? "").toSorted()).toEqual(
              oracle.skipped().toSorted(),
            );
          },
        });
      }),
      { numRuns: 600 },
    );
    // About 110 of the 600 have one. Chance does not halve that.
    expect(loops).toBeGreaterThan(50);
  });

  it("runs the same whichever node in flight completes first, and after a restore at every run", () => {
    fc.assert(
      fc.property(anyLoops(14), fc.infiniteStream(fc.nat()), (workflow, numbers) => {
        const plan = compiled(workflow);
        if (plan === undefined) return;
        const expected = runAll(workflow, plan, { atOnce: 1, pick: () => 0, settled: NOTHING }).toSorted();
        if (expected.length === MOST_RUNS) return;
        const picks = numbers[Symbol.iterator]();
        for (const [atOnce, isRestored] of [
          [1, true],
          [3, false],
          [3, true],
          [16, true],
        ] as const) {
          const runs = runAll(workflow, plan, {
            atOnce,
            pick: (count) => (picks.next().value as number) % Math.max(1, count),
            settled: (kept, _, inFlight) => {
              if (!isRestored) return;
              const { planner: before } = kept;
              const state = kept.state();
              kept.restore();
              expect(readyOf(kept.planner, [])).toEqual(readyOf(before, inFlight));
              expect(kept.planner.open).toBe(before.open);
              expect(kept.planner.skipped.toSorted()).toEqual(before.skipped.toSorted());
              expect(kept.state()).toBe(state);
            },
          });
          expect(runs.toSorted()).toEqual(expected);
        }
      }),
      { numRuns: 1_500 },
    );
  });

  it("takes any state over, also one of another definition, and continues from it", () => {
    fc.assert(
      fc.property(anyLoops(8), anyLoops(8), fc.nat({ max: 20 }), (workflow, other, after) => {
        const [plan, changed] = [compiled(workflow), compiled(other)];
        if (plan === undefined || changed === undefined) return;
        let left = after;
        runAll(workflow, plan, {
          atOnce: 1,
          pick: () => 0,
          settled: (kept) => {
            if (left-- !== 0) return;
            const idOf = (index: number) => changed.graph.indexOf.get(plan.graph.nodes[index]?.id ?? "") ?? -1;
            const planner = new Planner(changed, {
              ran: kept.ran
                .map(({ index, handles }) => ({ index: idOf(index), handles }))
                .filter(({ index }) => index !== -1),
              left: kept.planner.leftEdges(),
              visits: new Map(),
            });
            let runs = 0;
            for (let index = planner.next(); index !== undefined; index = planner.next()) {
              const id = changed.graph.nodes[index]?.id ?? "";
              planner.settle(index, randomAnswer(other, id, planner.visits(index) + 1));
              if (++runs === MOST_RUNS) return;
            }
            expect(planner.open).toBe(0);
          },
        });
      }),
      { numRuns: 500 },
    );
  });
});
