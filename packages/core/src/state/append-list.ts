/**
 * An immutable list that grows at its end.
 *
 * - Lists that grew out of one another share their items, so adding one costs the same however long the list is. Only
 *   a second list that grows out of the same one copies.
 */
export class AppendList<T> {
  readonly length: number;
  readonly #items: T[];

  /** Takes over the items. */
  constructor(items: T[] = []) {
    this.#items = items;
    this.length = items.length;
  }

  /** The list with one more item. */
  with(item: T): AppendList<T> {
    const items = this.#items.length === this.length ? this.#items : this.#items.slice(0, this.length);
    items.push(item);
    return new AppendList(items);
  }

  get last(): T | undefined {
    return this.length === 0 ? undefined : this.#items[this.length - 1];
  }

  /** As that of an array, and faster than going through the list. */
  map<U>(of: (item: T) => U): U[] {
    return this.#items.slice(0, this.length).map(of);
  }

  [Symbol.iterator](): IterableIterator<T> {
    // A copy, which is faster to go through than a generator.
    return this.#items.slice(0, this.length).values();
  }
}
