import type { WorkflowGraph } from "../definition/graph.ts";
import { ERROR_HANDLE, firstOutput } from "../definition/outputs.ts";
import type { NodeRun } from "../state/node-run.ts";
import type { FailureRecord } from "../store/checkpoint-store.ts";
import type { Attempt } from "./attempt.ts";
import { outputsOf } from "./declared-outputs.ts";
import type { PreparedStep } from "./workflow-catalog.ts";

/** Returns the outputs that an execution takes if it continues over the failure of a node. */
export function outputsAfterFailure(graph: WorkflowGraph, index: number): readonly string[] {
  if (graph.nodes[index]?.onError === "route") return [ERROR_HANDLE];
  // Of a node without outputs every edge is taken: none of them has a handle.
  return firstOutput(graph, index) ?? [];
}

/** Returns a failure as the context gets it. */
export function shownFailure(
  { nodeId, visit }: NodeRun,
  { nodeName }: PreparedStep,
  { code, message, attempts = 1 }: FailureRecord,
): object {
  return { nodeId, nodeName, visit, code, message, attempts };
}

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
