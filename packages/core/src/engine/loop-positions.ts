/** The key of the context under which the positions of all `forEachItem` loops are kept, by node id. */
export const POSITIONS = "forEachItem";

/** Returns the positions that a context holds. What a context came with under the key need not be positions. */
export function positionsIn(context: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { [POSITIONS]: positions } = context;
  return typeof positions === "object" && positions !== null ? (positions as Record<string, unknown>) : {};
}

/** Returns the position of the loop at a node: 0 if there is none. A node's id may be that of an inherited member. */
export function positionOf(positions: Readonly<Record<string, unknown>>, nodeId: string): number {
  const position = Object.hasOwn(positions, nodeId) ? positions[nodeId] : undefined;
  return Number.isSafeInteger(position) && Number(position) >= 0 ? Number(position) : 0;
}

/**
 * Returns a context without the positions of these nodes; `undefined` if that changes nothing.
 *
 * - Two loops that end side by side each remove their own position, so no positions may be left: then the key goes.
 */
export function withoutPositions(
  context: Readonly<Record<string, unknown>>,
  nodeIds: readonly string[],
): Record<string, unknown> | undefined {
  const positions = positionsIn(context);
  // Another value under the key is not ours.
  if (positions !== context[POSITIONS]) return undefined;
  const left = Object.entries(positions).filter(([nodeId]) => !nodeIds.includes(nodeId));
  if (left.length > 0 && left.length === Object.keys(positions).length) return undefined;
  const { [POSITIONS]: _positions, ...others } = context;
  return left.length === 0 ? others : { ...others, [POSITIONS]: Object.fromEntries(left) };
}
