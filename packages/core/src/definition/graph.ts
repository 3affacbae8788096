import { WorkflowError } from "../errors.ts";
import { didYouMean, nearName } from "../near-name.ts";
import { quoted } from "../text.ts";
import type { WorkflowDefinition, WorkflowEdge, WorkflowNode } from "./schema.ts";

/**
 * A checked definition as a graph. Nodes are referred to by their index, and edges by a number.
 *
 * - Edges are numbered by their source, then in the order of the definition. The edges that leave node `n` are
 *   `firstOut[n]` to `firstOut[n + 1] - 1`.
 */
export interface WorkflowGraph {
  readonly workflowId: string;
  readonly nodes: readonly WorkflowNode[];
  readonly indexOf: ReadonlyMap<string, number>;
  readonly firstOut: Int32Array;
  readonly source: Int32Array;
  readonly target: Int32Array;
  /** By edge: the output of the source that it leaves. Absent: it belongs to every output. */
  readonly handle: readonly (string | undefined)[];
  /** The edges that lead to node `n` are `incoming[firstIn[n]]` to `incoming[firstIn[n + 1] - 1]`. */
  readonly firstIn: Int32Array;
  readonly incoming: Int32Array;
  readonly outputs: DeclaredOutputs;
}

/** The outputs that node types declare, by type. */
export type DeclaredOutputs = ReadonlyMap<string, readonly string[]>;

/** The part of a definition that makes its graph. */
export type GraphDefinition = Pick<WorkflowDefinition, "id" | "nodes" | "edges">;

/**
 * Checks a definition's nodes and edges, and makes its graph.
 *
 * - Checks in this order: empty, duplicate node ids, edges to unknown nodes. Whether its loops can run depends on the
 *   nodes that an execution starts at: see `compilePlan`.
 *
 * @throws {WorkflowError} WORKFLOW_EMPTY, DUPLICATE_NODE_ID, UNKNOWN_EDGE_NODE
 */
export function buildGraph(
  { id: workflowId, nodes, edges }: GraphDefinition,
  outputs: DeclaredOutputs = new Map(),
): WorkflowGraph {
  if (nodes.length === 0) {
    throw new WorkflowError("WORKFLOW_EMPTY", `Workflow ${quoted(workflowId)} has no nodes; it needs at least one.`, {
      details: { workflowId },
    });
  }
  const indexOf = indexNodes(workflowId, nodes);
  const endOf = (edge: WorkflowEdge, end: "source" | "target"): number => {
    const index = indexOf.get(edge[end]);
    if (index === undefined) throw unknownEnd({ id: workflowId, nodes }, edge, end);
    return index;
  };
  const sources = new Int32Array(edges.length);
  const targets = new Int32Array(edges.length);
  for (const [at, edge] of edges.entries()) {
    sources[at] = endOf(edge, "source");
    targets[at] = endOf(edge, "target");
  }
  const { first: firstOut, items: order } = grouped(sources, nodes.length);
  const source = order.map((at) => sources[at] as number);
  const target = order.map((at) => targets[at] as number);
  const handle = Array.from(order, (at) => edges[at]?.sourceHandle ?? undefined);
  const { first: firstIn, items: incoming } = grouped(target, nodes.length);
  return { workflowId, nodes, indexOf, firstOut, source, target, handle, firstIn, incoming, outputs };
}

/** Sorts positions by their key, a number below `size`. Those of one key keep their order. */
export function grouped(keys: Int32Array, size: number): { first: Int32Array; items: Int32Array } {
  const first = new Int32Array(size + 1);
  for (const key of keys) first[key + 1] = (first[key + 1] as number) + 1;
  for (let key = 0; key < size; key++) first[key + 1] = (first[key + 1] as number) + (first[key] as number);
  const next = first.slice();
  const items = new Int32Array(keys.length);
  for (const [position, key] of keys.entries()) {
    const at = next[key] as number;
    items[at] = position;
    next[key] = at + 1;
  }
  return { first, items };
}

/** The most nodes among which the one that an edge meant is looked for. */
const MAX_COMPARED = 1_000;
/** The most characters of an edge's end that an error's details keep. */
const MAX_DETAIL = 512;

function indexNodes(workflowId: string, nodes: readonly WorkflowNode[]): ReadonlyMap<string, number> {
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
  return indexOf;
}

function unknownEnd(
  { id: workflowId, nodes }: Pick<GraphDefinition, "id" | "nodes">,
  edge: WorkflowEdge,
  end: "source" | "target",
): WorkflowError {
  const ids = nodes.slice(0, MAX_COMPARED).map((node) => node.id);
  const name = edge.id ?? `${edge.source} -> ${edge.target}`;
  return new WorkflowError(
    "UNKNOWN_EDGE_NODE",
    `Edge ${quoted(name)} of workflow ${quoted(workflowId)} has the ${end} ${quoted(edge[end])}, but no node has that id${didYouMean(nearName(edge[end], ids))}.`,
    { details: { workflowId, edge: name.slice(0, MAX_DETAIL), [end]: edge[end].slice(0, MAX_DETAIL) } },
  );
}
