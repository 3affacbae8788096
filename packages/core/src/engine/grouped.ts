/** Values under keys that several of them may share. */
export class Grouped<Value> {
  readonly #groups = new Map<string, Set<Value>>();

  get all(): Value[] {
    return [...this.#groups.values()].flatMap((group) => [...group]);
  }

  of(key: string): Value[] {
    return [...(this.#groups.get(key) ?? [])];
  }

  has(key: string): boolean {
    return this.#groups.has(key);
  }

  /** Adds a value. The returned function removes it. */
  add(key: string, value: Value): () => void {
    const group = this.#groups.get(key) ?? new Set();
    this.#groups.set(key, group.add(value));
    return () => {
      group.delete(value);
      if (group.size === 0 && this.#groups.get(key) === group) this.#groups.delete(key);
    };
  }
}
