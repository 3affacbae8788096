/** One input of a node: the node whose output it receives, and the name of the input. */
export interface DrawnInput<Node> {
  from: Node;
  input: string;
}

/**
 * Returns the nodes whose outputs a node receives, in the order of its inputs.
 *
 * - A disabled node passes on what its first input receives, so the sources of that input take its place.
 */
export function sourcesOf<Node>(
  node: Node,
  {
    inputsOf,
    isDisabled,
  }: { inputsOf: (node: Node) => readonly DrawnInput<Node>[]; isDisabled: (node: Node) => boolean },
): Node[] {
  const sources = new Set<Node>();
  const seen = new Set<Node>();
  const left = inputsOf(node).toReversed();
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const { from } = next;
    if (!isDisabled(from)) sources.add(from);
    else if (!seen.has(from)) {
      seen.add(from);
      const inputs = inputsOf(from);
      left.push(...inputs.filter(({ input }) => input === inputs[0]?.input).toReversed());
    }
  }
  return [...sources];
}
