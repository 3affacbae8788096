/** Fails to compile unless both types are the same. */
export function same<A, B>(
  _equal: (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false,
): void {}
