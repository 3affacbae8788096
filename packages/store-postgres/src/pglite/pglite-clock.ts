// PGlite uses this process's `Date`, which a test may replace. Leases must not depend on that.
const systemNow = Date.now;

/** Returns the time for the statements of a PGlite, in milliseconds since the epoch. */
export function pgliteNow(): number {
  return systemNow();
}
