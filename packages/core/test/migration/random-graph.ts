import fc from "fast-check";
import type { NodeExecutor, WorkflowDefinition, WorkflowNode } from "../../src/index.ts";
import { route } from "../../src/index.ts";

type Context = Record<string, unknown>;

/** The node types of random graphs whose executors have no side effect. */
export const LIVE = ["set", "list", "stamp", "if"];

/** The effects that were carried out, by node. */
export const effects: string[] = [];

/** Executors in the manner of V1: most of them change the context in place. */
export const EXECUTORS: Record<string, NodeExecutor> = {
  set: ({ context, node, data }) => {
    (context as Context)[node.id] = { of: Object.keys(context).length, by: data.by ?? 1 };
    return context;
  },
  list: async ({ context, node }) => {
    const { list = [] } = context as { list?: unknown[] };
    (context as Context).list = list;
    list.push({ node: node.id, length: list.length });
    return context;
  },
  stamp: ({ context, node }) => ({
    ...context,
    [node.id]: { at: new Date().toISOString(), id: crypto.randomUUID(), seed: Math.random() },
  }),
  if: ({ context, node, data }) => {
    (context as Context)[node.id] = true;
    return route(context, data.chooses === true ? "true" : "false");
  },
  effect: async ({ context, node }) => {
    effects.push(node.id);
    (context as Context)[node.id] = { answer: effects.length };
    return context;
  },
};

/** A graph of up to 12 nodes without a loop, each of which follows from an earlier one, or begins. */
export const graphs: fc.Arbitrary<WorkflowDefinition> = fc
  .array(
    fc.record({
      type: fc.constantFrom("set", "set", "list", "stamp", "if", "effect"),
      data: fc.record({ by: fc.nat(3), chooses: fc.boolean() }),
      from: fc.array(fc.record({ at: fc.nat(), handle: fc.constantFrom("true", "false") }), { maxLength: 2 }),
    }),
    { minLength: 2, maxLength: 12 },
  )
  .map((drawn) => {
    const nodes: WorkflowNode[] = drawn.map(({ type, data }, index) => ({ id: `n${index}`, type, data }));
    const edges = drawn.flatMap(({ from }, index) =>
      index === 0
        ? []
        : from.map(({ at, handle }) => {
            const source = nodes[at % index] as WorkflowNode;
            const sourceHandle = source.type === "if" ? { sourceHandle: handle } : {};
            return { source: source.id, target: `n${index}`, ...sourceHandle };
          }),
    );
    const distinct = [...new Map(edges.map((edge) => [JSON.stringify(edge), edge])).values()];
    return { id: "graph", nodes, edges: distinct };
  });
