/**
 * Calls a callback of the user's whose result nobody uses, an event listener say.
 *
 * - Whatever it does is its own affair: what it throws and what its promise rejects with is ignored, and a promise that
 *   never settles is not waited for.
 */
export function tell<T>(callback: (value: T) => unknown, value: T): void {
  try {
    Promise.resolve(callback(value)).catch(() => undefined);
  } catch {
    // A listener that fails must not fail what it listens to.
  }
}
