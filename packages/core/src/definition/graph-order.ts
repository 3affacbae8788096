import type { WorkflowGraph } from "./graph.ts";
import type { Reached } from "./loops.ts";

/** Counts the edges that lead to each node from nodes that are reached. */
export function countIncoming(
  { source, target, nodes }: WorkflowGraph,
  { isReached }: Reached,
  isUsed: (edge: number) => boolean,
): Int32Array {
  const count = new Int32Array(nodes.length);
  for (const [edge, to] of target.entries()) {
    if (isReached[source[edge] as number] === 1 && isUsed(edge)) count[to] = (count[to] as number) + 1;
  }
  return count;
}

/** Sorts the nodes that are reached, sources before targets (Kahn 1962). Nodes on and behind a loop are left out. */
export function sorted(
  { firstOut, target }: WorkflowGraph,
  { isStart, isReached }: Reached,
  incomingCount: Int32Array,
  isUsed: (edge: number) => boolean = () => true,
): Int32Array {
  const left = incomingCount.slice();
  const order = new Int32Array(isReached.length);
  let length = 0;
  for (const [node, starts] of isStart.entries()) if (starts === 1 && left[node] === 0) order[length++] = node;
  for (let at = 0; at < length; at++) {
    const node = order[at] as number;
    for (let edge = firstOut[node] as number; edge < (firstOut[node + 1] as number); edge++) {
      if (!isUsed(edge)) continue;
      const to = target[edge] as number;
      left[to] = (left[to] as number) - 1;
      if (left[to] === 0) order[length++] = to;
    }
  }
  return order.subarray(0, length);
}
