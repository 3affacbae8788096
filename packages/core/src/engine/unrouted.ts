import type { WorkflowGraph } from "../definition/graph.ts";
import type { Attempt } from "./attempt.ts";
import { outputsOf } from "./declared-outputs.ts";

/** Returns whether a result names only outputs that no edge of the node leaves, and its type declares none. */
export function isUnrouted(
  { firstOut, handle }: WorkflowGraph,
  { index, step }: Pick<Attempt, "index" | "step">,
  handles: readonly string[],
): boolean {
  if (handles.length === 0 || outputsOf(step.run) !== undefined) return false;
  const own = handle.slice(firstOut[index], firstOut[index + 1]);
  return !own.some((name) => name !== undefined && handles.includes(name));
}
