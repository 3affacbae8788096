import type { WorkflowGraph } from "../definition/graph.ts";
import { ERROR_HANDLE, firstOutput } from "../definition/outputs.ts";
import type { NodeRun } from "../state/node-run.ts";
import type { FailureRecord } from "../store/checkpoint-store.ts";
import type { PreparedStep } from "./prepared-workflow.ts";

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
