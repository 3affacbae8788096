import type { WorkflowGraph } from "./graph.ts";
import { countIncoming, sorted } from "./graph-order.ts";
import { LoopRounds } from "./loop-rounds.ts";
import { findLoops, type Reached } from "./loops.ts";
import { findScopes, type LoopScopes } from "./scopes.ts";
import { strongComponents } from "./strong-components.ts";

/** The functions of this file: what planning needs only if a graph has a loop. */
export interface LoopCode {
  planLoops: typeof planLoops;
  nodesOfFreeLoops: typeof nodesOfFreeLoops;
}

/** The loops of a plan, and what makes the state of their rounds. */
export type PlannedLoops = LoopScopes & { newRounds(): LoopRounds };

/** Prepares the loops of a graph. */
export function planLoops(
  graph: WorkflowGraph,
  reached: Reached,
): { readonly incomingCount: Int32Array; readonly loops: PlannedLoops } {
  const found = findLoops(graph, reached);
  const isForward = (edge: number): boolean => found.back[edge] === -1;
  const incomingCount = countIncoming(graph, reached, isForward);
  const order = sorted(graph, reached, incomingCount, isForward);
  const scopes = findScopes(graph, found, order);
  return { incomingCount, loops: { ...scopes, newRounds: () => new LoopRounds(graph, reached, scopes) } };
}

/** The nodes of the loops to which no edge leads from outside. */
export function nodesOfFreeLoops(graph: WorkflowGraph): ReadonlySet<number> {
  const { nodes, source, firstIn, incoming } = graph;
  const free = new Set<number>();
  for (const component of strongComponents(graph, nodes.keys(), () => true)) {
    const inside = new Set(component);
    const isEntered = component.some((node) =>
      incoming.subarray(firstIn[node], firstIn[node + 1]).some((edge) => !inside.has(source[edge] as number)),
    );
    if (!isEntered) for (const node of component) free.add(node);
  }
  return free;
}
