/** Notifies waiters of the changes that this engine makes to an execution. */
export class ExecutionChanges {
  readonly #listeners = new Map<string, Set<() => void>>();
  readonly #toAll = new Set<(executionId: string) => void>();

  /** Calls back at every change, until the returned function is called. */
  listen(executionId: string, listener: () => void): () => void {
    const listeners = this.#listeners.get(executionId) ?? new Set();
    this.#listeners.set(executionId, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#listeners.get(executionId) === listeners) this.#listeners.delete(executionId);
    };
  }

  /** Calls back at every change of any execution, until the returned function is called. */
  listenToAll(listener: (executionId: string) => void): () => void {
    this.#toAll.add(listener);
    return () => this.#toAll.delete(listener);
  }

  notify(executionId: string): void {
    for (const listener of this.#toAll) listener(executionId);
    const listeners = this.#listeners.get(executionId);
    if (listeners !== undefined) for (const listener of [...listeners]) listener();
  }
}
