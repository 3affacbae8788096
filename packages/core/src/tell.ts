const nothing = (): void => undefined;

/**
 * Calls a callback of the user's whose result nobody uses, an event listener say.
 *
 * - Whatever it does is its own affair: what it throws is ignored, and so is what its promise or thenable rejects with.
 *   Nothing is waited for.
 */
export function tell<T>(callback: (value: T) => unknown, value: T): void {
  try {
    ignore(callback(value), 5);
  } catch {
    // A listener that fails must not fail what it listens to.
  }
}

/**
 * Takes every rejection of a result that would otherwise end the process as one that nobody handles.
 *
 * - `depth`: how many thenables it follows, each handed out by the one before.
 */
function ignore(result: unknown, depth: number): void {
  // Not the promise's own `then` or `catch`, which may have been replaced.
  if (result instanceof Promise) Promise.prototype.then.call(result, nothing, nothing);
  else if (depth > 0 && typeof (result as { then?: unknown } | null | undefined)?.then === "function") {
    const follow = (value: unknown): void => tell((each) => ignore(each, depth - 1), value);
    // A `then` that is itself async rejects by what it returns.
    ignore((result as PromiseLike<unknown>).then(follow, nothing), depth - 1);
  }
}
