/**
 * A map that holds a limited amount: when it is full, what was not used for the longest time goes.
 *
 * - The entry that was added last stays, however large it is.
 */
export class BoundedCache<Value> {
  readonly #maxSize: number;
  /** In the order of their last use. */
  readonly #entries = new Map<string, { value: Value; size: number }>();
  #size = 0;

  /** Takes the largest sum of the entries' sizes. */
  constructor(maxSize: number) {
    this.#maxSize = maxSize;
  }

  get(key: string): Value | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry.value;
  }

  set(key: string, value: Value, size = 1): void {
    this.delete(key);
    this.#entries.set(key, { value, size });
    this.#size += size;
    for (const oldest of this.#entries.keys()) {
      if (this.#size <= this.#maxSize || oldest === key) break;
      this.delete(oldest);
    }
  }

  delete(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    this.#size -= entry.size;
  }
}
