/** Tells those who wait for a change of an execution that this engine has made one. */
export class ExecutionChanges {
  readonly #listeners = new Map<string, Set<() => void>>();

  /** Calls back at every change, until the function that it returns is called. */
  listen(executionId: string, listener: () => void): () => void {
    const listeners = this.#listeners.get(executionId) ?? new Set();
    this.#listeners.set(executionId, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#listeners.get(executionId) === listeners) this.#listeners.delete(executionId);
    };
  }

  notify(executionId: string): void {
    const listeners = this.#listeners.get(executionId);
    if (listeners !== undefined) for (const listener of [...listeners]) listener();
  }
}
