/**
 * The number of the store interface in this version of core.
 *
 * - It rises when an engine of one number cannot work with a store of another, whatever the ranges of their packages
 *   permit: a method, field or rule of `CheckpointStore` or `StoreDriver` that the other side must know.
 */
export const STORE_INTERFACE = 1;

/** Returns how a store differs from this version of the interface, or `undefined`. A store need not name its number. */
export function interfaceProblem(store: unknown): string | undefined {
  const { interfaceVersion } = store as { interfaceVersion?: unknown };
  if (interfaceVersion === undefined || interfaceVersion === STORE_INTERFACE) return undefined;
  return `has version ${interfaceVersion} of the store interface, and this copy of @waymark/core has version ${STORE_INTERFACE}; install the same version of @waymark/core and of the store's package (\`npm ls @waymark/core\` lists the copies)`;
}
