// PGlite asks this process's `Date`, which a test may replace; leases must not go by that.
const systemNow = Date.now;

/** Now, for the statements of a PGlite, in milliseconds since the epoch. */
export function pgliteNow(): number {
  return systemNow();
}
