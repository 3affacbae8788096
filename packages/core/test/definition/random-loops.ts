import fc from "fast-check";
import type { Handles } from "../../src/definition/outputs.ts";
import type { WorkflowDefinition } from "../../src/index.ts";

/** A workflow that may have loops, and a number from which the answers of its nodes follow. */
export interface RandomLoops {
  definition: WorkflowDefinition;
  startAt?: string[];
  seed: number;
}

const HANDLES = ["x", "y"];
const handle = fc.option(fc.constantFrom(...HANDLES), { nil: undefined, freq: 2 });

/** Nodes in a row with edges ahead, and a few edges back. The order of definition is shuffled. */
export function randomLoops(maxNodes: number): fc.Arbitrary<RandomLoops> {
  return fc
    .integer({ min: 2, max: maxNodes })
    .chain((size) =>
      fc.record({
        order: fc.shuffledSubarray([...Array(size).keys()], { minLength: size }),
        ahead: fc.array(fc.record({ source: fc.nat({ max: size - 1 }), by: fc.integer({ min: 1, max: 4 }), handle }), {
          maxLength: size,
        }),
        row: fc.array(handle, { minLength: size, maxLength: size }),
        gaps: fc.array(fc.nat({ max: 7 }), { minLength: size, maxLength: size }),
        back: fc.array(fc.record({ source: fc.nat({ max: size - 1 }), by: fc.nat({ max: size - 1 }), handle }), {
          maxLength: 4,
        }),
        disabled: fc.array(fc.nat({ max: 9 }), { minLength: size, maxLength: size }),
        start: fc.option(fc.nat({ max: size - 1 }), { nil: undefined, freq: 4 }),
        seed: fc.nat(),
      }),
    )
    .map(({ order, ahead, row, gaps, back, disabled, start, seed }) => {
      const size = order.length;
      const edges = [
        ...row.flatMap((each, at) => (gaps[at] === 0 ? [] : [{ source: at, target: at + 1, handle: each }])),
        ...ahead.map(({ source, by, handle: each }) => ({ source, target: source + by, handle: each })),
        ...back.map(({ source, by, handle: each }) => ({ source, target: source - by, handle: each })),
      ].filter(({ source, target }) => source < size && target < size && target >= 0);
      const definition: WorkflowDefinition = {
        id: "random",
        nodes: order.map((at) => (disabled[at] === 0 ? { id: `n${at}`, disabled: true } : { id: `n${at}` })),
        edges: edges.map(({ source, target, handle: sourceHandle }) => ({
          source: `n${source}`,
          target: `n${target}`,
          ...(sourceHandle === undefined ? {} : { sourceHandle }),
        })),
      };
      return { definition, seed, ...(start === undefined ? {} : { startAt: [`n${start}`] }) };
    });
}

/** The visit from which on a node takes no edge any more, so that every execution ends. */
const LAST_VISIT = 4;

/** What a visit of a node takes: the same whenever it runs. */
export function randomAnswer({ seed }: RandomLoops, nodeId: string, visit: number): Handles {
  if (visit >= LAST_VISIT) return null;
  let hash = seed + visit * 7_919;
  for (const letter of nodeId) hash = Math.imul(hash ^ letter.charCodeAt(0), 0x01000193) >>> 0;
  return [undefined, undefined, ["x"], ["y"], ["x", "y"], null][(hash >>> 8) % 6];
}
