/**
 * Makes an iterator that ends at once when it is asked to, also while a step is under way.
 *
 * - `return()` ends it, and so does an abort of the controller that `begin` is given. Every `next()` that is pending then
 *   resolves as done.
 * - `begin` is called by the first `next()`.
 */
export function endable<T>(begin: (ending: AbortController) => AsyncGenerator<T>): AsyncIterableIterator<T> {
  const ending = new AbortController();
  const { signal } = ending;
  const done: IteratorReturnResult<undefined> = { done: true, value: undefined };
  let steps: AsyncGenerator<T> | undefined;
  return {
    next() {
      if (signal.aborted) return Promise.resolve(done);
      steps ??= begun(begin(ending), signal);
      const step = steps.next();
      return new Promise((resolve, reject) => {
        const end = () => resolve(done);
        signal.addEventListener("abort", end, { once: true });
        step.then(resolve, reject).finally(() => signal.removeEventListener("abort", end));
      });
    },
    return() {
      ending.abort();
      return Promise.resolve(done);
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

/** Lets the steps clean up when the iterator ends. Nobody is there any more to hear what they throw. */
function begun<T>(steps: AsyncGenerator<T>, signal: AbortSignal): AsyncGenerator<T> {
  signal.addEventListener("abort", () => void steps.return(undefined).catch(() => undefined), { once: true });
  return steps;
}
