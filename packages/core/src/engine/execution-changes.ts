/** Notifies waiters of the changes that this engine makes to an execution. */
export class ExecutionChanges {
  readonly #listeners = new Map<string, Set<() => void>>();
  readonly #commitListeners = new Set<(executionId: string) => void>();

  /** Calls back at every change, until the returned function is called. */
  listen(executionId: string, listener: () => void): () => void {
    const listeners = this.#listeners.get(executionId) ?? new Set();
    this.#listeners.set(executionId, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#listeners.get(executionId) === listeners) this.#listeners.delete(executionId);
    };
  }

  /** Calls back at every change of any execution that the store keeps, until the returned function is called. */
  listenToCommits(listener: (executionId: string) => void): () => void {
    this.#commitListeners.add(listener);
    return () => this.#commitListeners.delete(listener);
  }

  /** `isCommitted`: the store keeps the change. Default: true. */
  notify(executionId: string, isCommitted = true): void {
    const listeners = this.#listeners.get(executionId);
    if (listeners !== undefined) for (const listener of [...listeners]) listener();
    if (isCommitted) for (const listener of this.#commitListeners) listener(executionId);
  }
}
