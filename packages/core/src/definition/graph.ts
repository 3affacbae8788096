import { WorkflowError } from "../errors.ts";
import { didYouMean, nearName } from "../near-name.ts";
import { quoted } from "../text.ts";
import type { WorkflowDefinition, WorkflowEdge, WorkflowNode } from "./schema.ts";

/** A checked definition, prepared for planning. Nodes are referred to by their index. */
export interface CompiledGraph {
  readonly nodes: readonly WorkflowNode[];
  readonly indexOf: ReadonlyMap<string, number>;
  readonly outgoing: readonly (readonly OutgoingEdge[])[];
  readonly incomingCount: readonly number[];
}

interface OutgoingEdge {
  readonly target: number;
  readonly sourceHandle?: string;
}

/**
 * Checks a definition's graph and prepares it for planning.
 *
 * - Checks in this order: empty, duplicate node ids, edges to unknown nodes, cycles.
 *
 * @throws {WorkflowError} WORKFLOW_EMPTY, DUPLICATE_NODE_ID, UNKNOWN_EDGE_NODE, WORKFLOW_CYCLE
 */
export function compileGraph(definition: Pick<WorkflowDefinition, "id" | "nodes" | "edges">): CompiledGraph {
  const { id: workflowId, nodes, edges } = definition;
  if (nodes.length === 0) {
    throw new WorkflowError("WORKFLOW_EMPTY", `Workflow ${quoted(workflowId)} has no nodes; it needs at least one.`, {
      details: { workflowId },
    });
  }
  const indexOf = new Map<string, number>();
  for (const [index, node] of nodes.entries()) {
    if (indexOf.has(node.id)) {
      throw new WorkflowError(
        "DUPLICATE_NODE_ID",
        `Workflow ${quoted(workflowId)} has two nodes with the id ${quoted(node.id)}; give each an id of its own.`,
        { details: { workflowId, nodeId: node.id } },
      );
    }
    indexOf.set(node.id, index);
  }
  const outgoing: OutgoingEdge[][] = nodes.map(() => []);
  const incomingCount: number[] = nodes.map(() => 0);
  for (const edge of edges) {
    const source = endOf(edge, "source");
    const target = endOf(edge, "target");
    outgoing[source]?.push(
      edge.sourceHandle === undefined || edge.sourceHandle === null
        ? { target }
        : { target, sourceHandle: edge.sourceHandle },
    );
    incomingCount[target] = (incomingCount[target] ?? 0) + 1;
  }
  const graph = { nodes, indexOf, outgoing, incomingCount };
  refuseCycle(workflowId, graph);
  return graph;

  function endOf(edge: WorkflowEdge, end: "source" | "target"): number {
    const index = indexOf.get(edge[end]);
    if (index !== undefined) return index;
    const name = edge.id ?? `${edge.source} -> ${edge.target}`;
    const ids = nodes.slice(0, MAX_COMPARED).map((node) => node.id);
    throw new WorkflowError(
      "UNKNOWN_EDGE_NODE",
      `Edge ${quoted(name)} of workflow ${quoted(workflowId)} has the ${end} ${quoted(edge[end])}, but no node has that id${didYouMean(nearName(edge[end], ids))}.`,
      { details: { workflowId, edge: name.slice(0, MAX_DETAIL), [end]: edge[end].slice(0, MAX_DETAIL) } },
    );
  }
}

/** Refuses a cycle. Kahn's algorithm cannot order the nodes that lie on a cycle or behind one. */
function refuseCycle(workflowId: string, graph: CompiledGraph): void {
  const remaining = [...graph.incomingCount];
  const queue: number[] = [];
  for (const [index, count] of remaining.entries()) if (count === 0) queue.push(index);
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    for (const { target } of graph.outgoing[next] ?? []) {
      const left = (remaining[target] ?? 0) - 1;
      remaining[target] = left;
      if (left === 0) queue.push(target);
    }
  }
  const start = remaining.findIndex((count) => count > 0);
  if (start === -1) return;
  const nodeIds = cycleThrough(graph, remaining, start).map((index) => graph.nodes[index]?.id ?? "");
  throw new WorkflowError("WORKFLOW_CYCLE", `Workflow ${quoted(workflowId)} has a loop: ${loopText(nodeIds)}.`, {
    details: { workflowId, nodeIds: nodeIds.slice(0, MAX_DETAILED_NODES), nodeCount: nodeIds.length },
  });
}

/** The most nodes among which the one that an edge meant is looked for. */
const MAX_COMPARED = 1_000;
/** The most nodes of a loop that a message names. */
const MAX_NAMED_NODES = 10;
/** The most nodes of a loop that an error's details name. */
const MAX_DETAILED_NODES = 1_000;
/** The most characters of an edge's end that an error's details keep. */
const MAX_DETAIL = 512;

function loopText(nodeIds: readonly string[]): string {
  const named = nodeIds.slice(0, MAX_NAMED_NODES).map((nodeId) => quoted(nodeId));
  const more = nodeIds.length - named.length;
  return [...named, ...(more > 0 ? [`${more} more`] : []), quoted(nodeIds[0])].join(" -> ");
}

/**
 * Finds the nodes of a cycle. Each unordered node has an unordered predecessor, so a walk backwards must reach a node
 * twice. The result begins with the node that is defined first.
 */
function cycleThrough(graph: CompiledGraph, remaining: readonly number[], start: number): number[] {
  const before = new Map<number, number>();
  for (const [source, edges] of graph.outgoing.entries()) {
    if ((remaining[source] ?? 0) === 0) continue;
    for (const { target } of edges) if (!before.has(target)) before.set(target, source);
  }
  const walked: number[] = [];
  const seen = new Set<number>();
  let at = start;
  while (!seen.has(at)) {
    seen.add(at);
    walked.push(at);
    at = before.get(at) ?? at;
  }
  const cycle = walked.slice(walked.indexOf(at)).reverse();
  const first = cycle.indexOf(cycle.reduce((least, index) => Math.min(least, index)));
  return [...cycle.slice(first), ...cycle.slice(0, first)];
}
