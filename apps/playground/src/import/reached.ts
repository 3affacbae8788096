/** Returns the starts, and everything that is reached from them step by step, in the order it is found. */
export function reachedFrom<T>(starts: Iterable<T>, next: (from: T) => Iterable<T>): Set<T> {
  const reached = new Set(starts);
  // The loop also visits items that are added to the set meanwhile.
  for (const from of reached) for (const to of next(from)) reached.add(to);
  return reached;
}
