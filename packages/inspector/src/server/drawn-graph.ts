import type { WorkflowDefinition } from "@waymark/core";

/** Returns what a page draws of a definition: its nodes without their data, and its edges. */
export function drawnGraph({ nodes, edges }: Pick<WorkflowDefinition, "nodes" | "edges">) {
  return {
    nodes: nodes.map(({ id, name, type = "default" }) => ({ id, name, type })),
    edges: edges.map(({ source, target, sourceHandle }) => ({
      source,
      target,
      sourceHandle: sourceHandle ?? undefined,
    })),
  };
}
