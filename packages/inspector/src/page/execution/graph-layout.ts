import dagre from "@dagrejs/dagre";
import type { Graph } from "../api-client.ts";

export const NODE_WIDTH = 176;
export const NODE_HEIGHT = 50;

/** Places the nodes of a graph from left to right. Returns the left upper corner of each, by its id. */
export function layoutOf({ nodes, edges }: Graph): Map<string, { x: number; y: number }> {
  const graph = new dagre.graphlib.Graph({ multigraph: true });
  graph.setGraph({ rankdir: "LR", nodesep: 40, edgesep: 90, ranksep: 60, marginx: 12, marginy: 12 });
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
