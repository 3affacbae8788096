import type { WorkflowEdge } from "@waymark/core";
import { HANDLES } from "../random-edges.ts";

/** The output of a loop's entry by which its next round begins. */
export const AGAIN = "again";

/**
 * Adds a loop to edges without one: its entry begins the next round by way of `body`, which hangs off nothing else, or
 * by an edge to itself. What follows the entry does so in the last round, so all its other edges leave an output.
 */
export function withLoop(
  edges: readonly WorkflowEdge[],
  { entry, body }: { entry: string; body: string | undefined },
): WorkflowEdge[] {
  const around = [entry, ...(body === undefined ? [] : [body]), entry];
  return [
    ...edges.map((edge) => (edge.source === entry ? { ...edge, sourceHandle: edge.sourceHandle ?? HANDLES[0] } : edge)),
    ...around.slice(1).map((target, at) => {
      const source = around[at] as string;
      return { source, target, ...(source === entry ? { sourceHandle: AGAIN } : {}) };
    }),
  ] as WorkflowEdge[];
}
