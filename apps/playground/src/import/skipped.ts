/** A node of a drawing, as far as it decides what runs. */
export interface DrawnNode {
  disabled: boolean;
  /** A start node whatever leads to it. */
  isTrigger: boolean;
}

/** A connection between two nodes of a drawing. */
export interface DrawnLink<Node> {
  from: Node;
  to: Node;
  /** Never taken: it is switched off, or leaves a disabled node by another output than its first. */
  isClosed: boolean;
}

/**
 * Finds the nodes that no run reaches: what only disabled start nodes and closed links lead to.
 *
 * - A node that no link leads to is a start node, and so is a trigger.
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
  const reach = (starts: readonly Node[]) => {
    const reached = new Set(starts);
    // A set grows while it is walked, and the walk takes what was added.
    for (const node of reached) for (const { to } of outgoing.get(node) ?? []) reached.add(to);
    return reached;
  };
  const starts = nodes.filter((node) => !linked.has(node) || node.isTrigger);
  const live = reach(starts.filter(({ disabled }) => !disabled));
  const behindClosed = links.filter(({ isClosed }) => isClosed).map(({ to }) => to);
  const dead = reach([...starts.filter(({ disabled }) => disabled), ...behindClosed]);
  return new Set([...dead].filter((node) => !live.has(node)));
}
