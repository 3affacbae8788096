import fc from "fast-check";
import type { WorkflowDefinition } from "../../src/index.ts";
import type { Choices } from "./oracle.ts";

/** A workflow without loops, and the outputs that each of its nodes takes. */
export interface RandomWorkflow {
  definition: WorkflowDefinition;
  choices: Choices;
}

const HANDLES = ["true", "false", ""];

/**
 * Random workflows with several roots, joins, duplicate edges, handles, and nodes defined in another order than they
 * run.
 *
 * - Edges lead from a lower rank to a higher one, so there is no loop; the order of definition is shuffled.
 */
export function randomWorkflow(maxNodes: number): fc.Arbitrary<RandomWorkflow> {
  return fc
    .integer({ min: 1, max: maxNodes })
    .chain((size) =>
      fc.record({
        order: fc.shuffledSubarray(
          Array.from({ length: size }, (_, rank) => rank),
          { minLength: size },
        ),
        edges: fc.array(
          fc.record({
            source: fc.nat({ max: size - 1 }),
            reach: fc.integer({ min: 1, max: 8 }),
            handle: fc.option(fc.constantFrom(...HANDLES), { nil: undefined }),
          }),
          { maxLength: size * 2 },
        ),
        choices: fc.array(fc.option(fc.subarray(HANDLES), { nil: undefined, freq: 2 }), {
          minLength: size,
          maxLength: size,
        }),
      }),
    )
    .map(({ order, edges, choices }) => ({
      definition: {
        id: "random",
        nodes: order.map((rank) => ({ id: `n${rank}` })),
        edges: edges
          .filter(({ source, reach }) => source + reach < order.length)
          .map(({ source, reach, handle }) => ({
            source: `n${source}`,
            target: `n${source + reach}`,
            ...(handle === undefined ? {} : { sourceHandle: handle }),
          })),
      },
      choices: new Map(
        choices.flatMap((handles, rank) => (handles === undefined ? [] : [[`n${rank}`, handles] as const])),
      ),
    }));
}
