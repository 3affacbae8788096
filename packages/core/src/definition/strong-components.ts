import type { WorkflowGraph } from "./graph.ts";

/**
 * Finds the strongly connected components of a graph, without recursion: the sets of nodes of which each
 * reaches each other. A single node counts only if an edge leads from it to itself.
 *
 * - `nodes`: those to look at. `isUsed` tells whether an edge counts; its target must be among `nodes`.
 */
export function strongComponents(
  { nodes: all, firstOut, target }: WorkflowGraph,
  nodes: Iterable<number>,
  isUsed: (edge: number) => boolean,
): number[][] {
  /** By node: when it was first seen, from 1; 0 before. */
  const seen = new Int32Array(all.length);
  /** By node: the earliest node on the stack that it is known to reach. */
  const low = new Int32Array(all.length);
  const cursor = new Int32Array(all.length);
  const isOnStack = new Uint8Array(all.length);
  const stack: number[] = [];
  const path: number[] = [];
  const components: number[][] = [];
  let count = 0;

  const enter = (node: number): void => {
    seen[node] = ++count;
    low[node] = count;
    cursor[node] = firstOut[node] as number;
    stack.push(node);
    isOnStack[node] = 1;
    path.push(node);
  };
  const lower = (node: number, to: number): void => {
    if (to < (low[node] as number)) low[node] = to;
  };
  const leave = (node: number): void => {
    path.pop();
    const before = path.at(-1);
    if (before !== undefined) lower(before, low[node] as number);
    if (low[node] !== seen[node]) return;
    const component = stack.splice(stack.lastIndexOf(node));
    for (const each of component) isOnStack[each] = 0;
    if (component.length > 1 || leadsToItself(node)) components.push(component);
  };
  const leadsToItself = (node: number): boolean => {
    for (let edge = firstOut[node] as number; edge < (firstOut[node + 1] as number); edge++) {
      if (target[edge] === node && isUsed(edge)) return true;
    }
    return false;
  };

  for (const root of nodes) {
    if (seen[root] !== 0) continue;
    enter(root);
    for (let node = path.at(-1); node !== undefined; node = path.at(-1)) {
      const edge = cursor[node] as number;
      if (edge === firstOut[node + 1]) {
        leave(node);
        continue;
      }
      cursor[node] = edge + 1;
      if (!isUsed(edge)) continue;
      const to = target[edge] as number;
      if (seen[to] === 0) enter(to);
      else if (isOnStack[to] === 1) lower(node, seen[to] as number);
    }
  }
  return components;
}
