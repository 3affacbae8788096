import type { WorkflowGraph } from "./graph.ts";
import { nodeType } from "./node-type.ts";

/** The output of a node's failures, if its policy is `onError: "route"`. */
export const ERROR_HANDLE = "error";

/**
 * The outputs that a run of a node has taken: those that it named; all of them if it named none (`undefined`); no edge
 * at all (`null`).
 */
export type Handles = readonly string[] | null | undefined;

/**
 * Returns whether a run of a node takes an edge that leaves it.
 *
 * - An edge without a handle belongs to every output. If failures of the node are routed, edges without a handle are for
 *   its results: they are not taken if the only output is `error`, and `error` is not taken unless it is named.
 */
export function isTaken({ nodes, source, handle }: WorkflowGraph, edge: number, handles: Handles): boolean {
  if (handles === null) return false;
  const { [edge]: name } = handle;
  if (nodes[source[edge] as number]?.onError !== "route") {
    return handles === undefined || name === undefined || handles.includes(name);
  }
  if (handles === undefined) return name !== ERROR_HANDLE;
  return name === undefined ? !(handles.length === 1 && handles[0] === ERROR_HANDLE) : handles.includes(name);
}

/**
 * Returns the outputs that are taken if a node is passed over: the first one that its type declares, else that of the
 * first of its edges that has one. `undefined`: the node has no outputs, and all its edges are taken.
 */
export function firstOutput(graph: WorkflowGraph, index: number): readonly string[] | undefined {
  const node = graph.nodes[index];
  if (node === undefined) return undefined;
  const declared = graph.outputs.get(nodeType(node));
  const own = graph.handle.slice(graph.firstOut[index], graph.firstOut[index + 1]);
  const isOutput = (name: string | undefined) =>
    name !== undefined && !(name === ERROR_HANDLE && node.onError === "route");
  const first = declared?.[0] ?? own.find(isOutput);
  return first === undefined ? undefined : [first];
}
