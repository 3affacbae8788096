import { reachedFrom } from "./reached.ts";

/** The fields of a node that decide what runs. */
export interface DrawnNode {
  disabled: boolean;
  /** True if the node is a start node, even if links lead to it. */
  isTrigger: boolean;
}

/** A connection between two nodes of a drawing. */
export interface DrawnLink<Node> {
  from: Node;
  to: Node;
  /** True if the connection is never taken: it is disabled, or leaves a disabled node by an output after the first. */
  isClosed: boolean;
}

/**
 * Finds the nodes that no run reaches: only disabled start nodes and closed links lead to them.
 *
 * - A node that no link leads to is a start node. So is a trigger.
 */
export function findSkipped<Node extends DrawnNode>(
  nodes: readonly Node[],
  links: readonly DrawnLink<Node>[],
): Set<Node> {
  const linked = new Set(links.map(({ to }) => to));
  const outgoing = Map.groupBy(
    links.filter(({ isClosed }) => !isClosed),
    ({ from }) => from,
  );
  const reach = (starts: readonly Node[]) =>
    reachedFrom(starts, (node) => (outgoing.get(node) ?? []).map(({ to }) => to));
  const starts = nodes.filter((node) => !linked.has(node) || node.isTrigger);
  const live = reach(starts.filter(({ disabled }) => !disabled));
  const behindClosed = links.filter(({ isClosed }) => isClosed).map(({ to }) => to);
  const dead = reach([...starts.filter(({ disabled }) => disabled), ...behindClosed]);
  return new Set([...dead].filter((node) => !live.has(node)));
}
