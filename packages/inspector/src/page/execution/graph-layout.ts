import dagre from "@dagrejs/dagre";

/** What is drawn of a graph. */
export interface DrawnGraph {
  nodes: readonly { id: string; name?: string | undefined; type: string }[];
  edges: readonly { source: string; target: string; sourceHandle?: string | undefined }[];
}

/** The direction in which a graph is drawn: to the right, or downwards. */
export type Direction = "LR" | "TB";

export const NODE_WIDTH = 176;
export const NODE_HEIGHT = 50;

/** Places the nodes of a graph. Returns the left upper corner of each, by its id. */
export function layoutOf(
  { nodes, edges }: DrawnGraph,
  direction: Direction = "LR",
): Map<string, { x: number; y: number }> {
  const graph = new dagre.graphlib.Graph({ multigraph: true });
  const gaps =
    direction === "LR" ? { nodesep: 40, edgesep: 90, ranksep: 60 } : { nodesep: 24, edgesep: 60, ranksep: 36 };
  graph.setGraph({ rankdir: direction, ...gaps, marginx: 12, marginy: 12 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const { id } of nodes) graph.setNode(id, { width: NODE_WIDTH, height: NODE_HEIGHT });
  for (const [index, { source, target }] of edges.entries()) graph.setEdge(source, target, {}, String(index));
  dagre.layout(graph);
  return new Map(
    nodes.map(({ id }) => {
      const { x, y } = graph.node(id) as { x: number; y: number };
      return [id, { x: x - NODE_WIDTH / 2, y: y - NODE_HEIGHT / 2 }];
    }),
  );
}
