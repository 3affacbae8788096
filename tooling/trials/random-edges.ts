import type { WorkflowEdge } from "@waymark/core";

/** The handles that random nodes and edges choose from. */
export const HANDLES: readonly string[] = ["true", "false"];

/** Random edges between so many nodes, `n0` and on, without loops: some leave a handle, two may join the same nodes. */
export function randomEdges(random: () => number, size: number): WorkflowEdge[] {
  const below = (limit: number) => Math.floor(random() * limit);
  return Array.from({ length: below(size * 2) }, () => ({ source: below(size), target: below(size) }))
    .filter(({ source, target }) => source < target)
    .map(({ source, target }) => ({
      source: `n${source}`,
      target: `n${target}`,
      ...(random() < 0.4 ? { sourceHandle: HANDLES[below(HANDLES.length)] as string } : {}),
    }));
}
