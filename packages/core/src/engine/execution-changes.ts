/** Notifies waiters of the changes that this engine makes to an execution. */
export class ExecutionChanges {
  readonly #listeners = new Map<string, Set<() => void>>();

  /** Calls back at every change, until the returned function is called. */
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
