import type { RunParts } from "./run-parts.ts";

/** Returns a function that finds the names of nodes, as checkpoints show them. */
export function nodeNames({ workflow }: Pick<RunParts, "workflow">): (nodeId: string) => string {
  const { steps, graph } = workflow;
  return (nodeId) => steps[graph.indexOf.get(nodeId) ?? -1]?.nodeName ?? nodeId;
}
