import fc from "fast-check";
import type { WorkflowDefinition } from "../../src/index.ts";
import { type RandomLoops, randomLoops } from "./random-loops.ts";

/** A part of a workflow with one node at its start and one at its end. */
type Block =
  | { kind: "node" }
  | { kind: "row"; parts: Block[] }
  | { kind: "fork"; parts: Block[]; handles: (string | undefined)[] }
  | { kind: "loop"; body: Block; repeats: "entry" | "end" };

const { block } = fc.letrec<{ block: Block }>((tie) => ({
  block: fc.oneof(
    { depthSize: "small", withCrossShrink: true, maxDepth: 4 },
    { weight: 1, arbitrary: fc.constant<Block>({ kind: "node" }) },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant("row" as const),
        parts: fc.array(tie("block"), { minLength: 2, maxLength: 3 }),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant("fork" as const),
        parts: fc.array(tie("block"), { minLength: 2, maxLength: 2 }),
        handles: fc.array(fc.constantFrom("x", "y", undefined), { minLength: 2, maxLength: 2 }),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant("loop" as const),
        body: tie("block"),
        repeats: fc.constantFrom("entry" as const, "end" as const),
      }),
    },
  ),
}));

/**
 * A workflow as a careful person draws it: rows, forks that meet again, and loops with one entry and one exit, inside each
 * other. The order of definition is shuffled.
 */
function randomStructured(maxNodes: number): fc.Arbitrary<RandomLoops> {
  return fc
    .record({ block, order: fc.infiniteStream(fc.nat()), seed: fc.nat() })
    .map(({ block: drawn, order, seed }) => {
      const { nodes, edges } = draw(drawn);
      const shuffled = nodes.map((id) => ({ id, at: order.next().value as number }));
      shuffled.sort((a, b) => a.at - b.at);
      return { definition: { id: "random", nodes: shuffled.map(({ id }) => ({ id })), edges }, seed };
    })
    .filter(({ definition }) => definition.nodes.length <= maxNodes);
}

/** A workflow of either kind: structured, or edges as they come. */
export function anyLoops(maxNodes: number): fc.Arbitrary<RandomLoops> {
  return fc.oneof(randomLoops(maxNodes), randomStructured(maxNodes));
}

function draw(drawn: Block): { nodes: string[]; edges: WorkflowDefinition["edges"] } {
  const nodes: string[] = [];
  const edges: WorkflowDefinition["edges"] = [];
  const node = (): string => nodes[nodes.push(`n${nodes.length}`) - 1] as string;
  const link = (source: string, target: string, sourceHandle?: string): void => {
    edges.push({ source, target, ...(sourceHandle === undefined ? {} : { sourceHandle }) });
  };
  const place = (part: Block): { first: string; last: string } => {
    if (part.kind === "node") {
      const only = node();
      return { first: only, last: only };
    }
    if (part.kind === "row") {
      const placed = part.parts.map(place);
      for (const [index, { first }] of placed.entries()) if (index > 0) link(placed[index - 1]?.last ?? "", first);
      return { first: placed[0]?.first ?? "", last: placed.at(-1)?.last ?? "" };
    }
    const first = node();
    if (part.kind === "fork") {
      const placed = part.parts.map(place);
      const last = node();
      for (const [index, { first: begin, last: end }] of placed.entries()) {
        link(first, begin, part.handles[index]);
        link(end, last);
      }
      return { first, last };
    }
    const body = place(part.body);
    const last = node();
    const isAtEntry = part.repeats === "entry";
    link(first, body.first, isAtEntry ? "x" : undefined);
    link(body.last, first, isAtEntry ? undefined : "x");
    link(isAtEntry ? first : body.last, last, "y");
    return { first, last };
  };
  place(drawn);
  return { nodes, edges };
}
