const nothing = (): void => undefined;

/**
 * Calls a user's callback whose result is not used, such as an event listener.
 *
 * - Errors of the callback are ignored: what it throws, and what its promise or thenable rejects with. `tell` does not
 *   wait for the callback's promise.
 */
export function tell<T>(callback: (value: T) => unknown, value: T): void {
  try {
    handleRejections(callback(value));
  } catch {
    // A failing listener must not make the observed operation fail.
  }
}

/**
 * Handles all rejections of a result. An unhandled rejection would end the process.
 *
 * - `depth`: the number of thenables that it follows, each of them the result of the one before. Default: 5.
 */
export function handleRejections(result: unknown, depth = 5): void {
  // Does not use the promise's own `then` or `catch`, because they may have been replaced.
  if (result instanceof Promise) Promise.prototype.then.call(result, nothing, nothing);
  else if (depth > 0 && typeof (result as { then?: unknown } | null | undefined)?.then === "function") {
    const follow = (value: unknown): void => tell((each) => handleRejections(each, depth - 1), value);
    // If `then` is itself an async function, it returns a promise that can reject.
    handleRejections((result as PromiseLike<unknown>).then(follow, nothing), depth - 1);
  }
}
