import type { NodeExecutor, WorkflowDefinition } from "../../src/index.ts";

/** A workflow of nodes n1, n2, … in a row. */
export function chain(length: number, id = "chain"): WorkflowDefinition {
  const nodes = Array.from({ length }, (_, index) => ({ id: `n${index + 1}` }));
  return { id, nodes, edges: nodes.slice(1).map((node, index) => ({ source: `n${index + 1}`, target: node.id })) };
}

/** Notes in the context which nodes ran. */
export const append: NodeExecutor = ({ context, node }) => ({
  ...context,
  ran: [...((context.ran as string[] | undefined) ?? []), node.id],
});
