import { WorkflowError } from "../errors.ts";
import { listed, quoted } from "../text.ts";
import type { WorkflowGraph } from "./graph.ts";
import { strongComponents } from "./strong-components.ts";

/** The most loops inside each other. */
const MAX_NESTED_LOOPS = 64;

/** The loops among the nodes that are reached from the start. Loops are referred to by a number. */
export interface FoundLoops {
  /** By loop: the one node that leads into it. */
  readonly entries: readonly number[];
  /** By loop: the loop that it is a part of; -1 for none. */
  readonly around: readonly number[];
  /** By node: the innermost loop that it is a part of; -1 for none. */
  readonly innermost: Int32Array;
  /** By edge: the loop to whose entry it leads back; -1 for all others. */
  readonly back: Int32Array;
}

/** The nodes that an execution starts at, and those that they lead to. By node: 1 or 0. */
export interface Reached {
  readonly isStart: Uint8Array;
  readonly isReached: Uint8Array;
}

/**
 * Finds the loops of a graph: its strongly connected components, and, without the edges back to their entries, again
 * those inside them.
 *
 * - Costs time in proportion to nodes and edges, times the depth of the loops.
 *
 * @throws {WorkflowError} WORKFLOW_LOOP_INVALID if a loop has several entries, or there are more than 64 inside each other
 */
export function findLoops(graph: WorkflowGraph, { isStart, isReached }: Reached): FoundLoops {
  const { source, target, firstIn, incoming } = graph;
  const entries: number[] = [];
  const around: number[] = [];
  const back = new Int32Array(source.length).fill(-1);
  /** Nodes of the same loop, or of none, have the same number. */
  const innermost = new Int32Array(graph.nodes.length).fill(-1);
  let level: Iterable<number> = [...isReached.keys()].filter((node) => isReached[node] === 1);
  for (let depth = 0; ; depth++) {
    const isUsed = (edge: number): boolean =>
      back[edge] === -1 && innermost[source[edge] as number] === innermost[target[edge] as number];
    const components = strongComponents(graph, level, isUsed);
    if (components.length === 0) return { entries, around, innermost, back };
    if (depth === MAX_NESTED_LOOPS) throw tooDeep(graph, components[0] as number[]);
    for (const component of components) {
      const loop = entries.length;
      around.push(innermost[component[0] as number] as number);
      for (const node of component) innermost[node] = loop;
      const isInside = (edge: number): boolean => innermost[source[edge] as number] === loop;
      const leadsIn = (node: number): number[] =>
        edgesTo(node).filter((edge) => isReached[source[edge] as number] === 1 && !isInside(edge));
      const found = component.filter((node) => isStart[node] === 1 || leadsIn(node).length > 0);
      const [entry] = found;
      if (entry === undefined || found.length > 1) throw severalEntries(graph, { component, found, leadsIn });
      entries.push(entry);
      for (const edge of edgesTo(entry)) if (isInside(edge)) back[edge] = loop;
    }
    level = components.flat();
  }

  function edgesTo(node: number): number[] {
    return Array.from(incoming.subarray(firstIn[node], firstIn[node + 1]));
  }
}

/** The most nodes or edges that an error's details name. */
const MAX_DETAILED = 1_000;

function severalEntries(
  graph: WorkflowGraph,
  { component, found, leadsIn }: { component: number[]; found: number[]; leadsIn: (node: number) => number[] },
): WorkflowError {
  const inOrder = (nodes: readonly number[]): number[] => nodes.toSorted((a, b) => a - b);
  const nodes = inOrder(component);
  const entries = inOrder(found);
  const edges = entries.flatMap(leadsIn).slice(0, MAX_DETAILED);
  const id = (node: number): string => graph.nodes[node]?.id ?? "";
  const message =
    `Workflow ${quoted(graph.workflowId)} has a loop (${namesOf(graph, nodes)}) that is entered at ${entries.length} nodes: ` +
    `${namesOf(graph, entries)}. A loop has one entry.`;
  return new WorkflowError("WORKFLOW_LOOP_INVALID", message, {
    details: {
      workflowId: graph.workflowId,
      nodeIds: nodes.slice(0, MAX_DETAILED).map(id),
      nodeCount: nodes.length,
      entries: entries.slice(0, MAX_DETAILED).map(id),
      edges: edges.map((edge) => {
        const { [edge]: sourceHandle } = graph.handle;
        const ends = { source: id(graph.source[edge] as number), target: id(graph.target[edge] as number) };
        return sourceHandle === undefined ? ends : { ...ends, sourceHandle };
      }),
    },
  });
}

function tooDeep(graph: WorkflowGraph, component: readonly number[]): WorkflowError {
  const { workflowId } = graph;
  const message = `Workflow ${quoted(workflowId)} has more than ${MAX_NESTED_LOOPS} loops inside each other: ${namesOf(graph, component)}.`;
  const nodeIds = component.slice(0, MAX_DETAILED).map((node) => graph.nodes[node]?.id ?? "");
  return new WorkflowError("WORKFLOW_LOOP_INVALID", message, {
    details: { workflowId, nodeIds, nodeCount: component.length, entries: [], edges: [] },
  });
}

function namesOf(graph: WorkflowGraph, nodes: readonly number[]): string {
  return listed(nodes.map((node) => graph.nodes[node]?.id ?? ""));
}
