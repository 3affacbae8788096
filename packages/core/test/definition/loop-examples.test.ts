import { describe, expect, it } from "vitest";
import { compilePlan } from "../../src/definition/compile-plan.ts";
import { buildGraph } from "../../src/definition/graph.ts";
import { Planner } from "../../src/definition/planner.ts";
import { answerOf, definitionOf, LOOP_EXAMPLES, runName } from "./loop-examples.ts";

describe("the worked examples", () => {
  it.each(LOOP_EXAMPLES.filter(({ error }) => error === undefined))("$name: $graph", (example) => {
    const graph = buildGraph(definitionOf(example));
    const planner = new Planner(compilePlan(graph, example.startAt));
    const runs: string[] = [];
    const progress: string[] = [];
    for (let index = planner.next(); index !== undefined; index = planner.next()) {
      const { id } = graph.nodes[index] ?? { id: "" };
      planner.settle(index, answerOf(example, id, planner.visits(index) + 1));
      runs.push(runName(id, planner.visits(index)));
      progress.push(`${runs.length}/${runs.length + planner.open}`);
    }
    expect(runs).toEqual(example.runs);
    expect(progress).toEqual(example.progress);
    expect(planner.skipped.map((index) => graph.nodes[index]?.id).toSorted()).toEqual(example.skipped?.toSorted());
  });

  it.each(LOOP_EXAMPLES.filter(({ error }) => error !== undefined))("$name is refused: $graph", (example) => {
    const compile = () => compilePlan(buildGraph(definitionOf(example)), example.startAt);
    const { error: code, entries } = example;
    expect(compile).toThrow(
      expect.objectContaining({ code, ...(entries && { details: expect.objectContaining({ entries }) }) }),
    );
  });
});
