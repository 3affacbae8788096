import type { Codec } from "./codec.ts";
import { builtInOf, isArray, isPlain } from "./live-values.ts";

/**
 * Copies what a node's schema has made of its data, so that a node may change it.
 *
 * - Plain objects, lists, Map, Set, Date, bytes and instances of the codec's types are copied. Whatever else it holds
 *   (an instance of another class, a function) is in the copy as it is.
 * - What stands in two places, or contains itself, does so in the copy.
 */
export function copyData<T>(codec: Codec, data: T): T {
  return new DataCopy(codec).of(data) as T;
}

class DataCopy {
  readonly #codec: Codec;
  readonly #copies = new Map<object, unknown>();

  constructor(codec: Codec) {
    this.#codec = codec;
  }

  of(value: unknown): unknown {
    if (typeof value !== "object" || value === null) return value;
    if (this.#copies.has(value)) return this.#copies.get(value);
    if (isArray(value)) return this.#fill([], value);
    if (isPlain(value)) return this.#fill(Object.create(Object.getPrototypeOf(value)), value);
    const copy = this.#instance(value);
    this.#copies.set(value, copy);
    return copy;
  }

  #fill(copy: object, original: object): object {
    this.#copies.set(original, copy);
    if (Array.isArray(copy)) copy.length = (original as readonly unknown[]).length;
    for (const key of Reflect.ownKeys(original)) {
      const descriptor = Object.getOwnPropertyDescriptor(original, key);
      if (descriptor === undefined || (Array.isArray(copy) && key === "length")) continue;
      // Also what was frozen may be changed in the copy.
      const { enumerable = false } = descriptor;
      Object.defineProperty(
        copy,
        key,
        "value" in descriptor
          ? { value: this.of(descriptor.value), enumerable, writable: true, configurable: true }
          : { ...descriptor, configurable: true },
      );
    }
    return copy;
  }

  #instance(value: object): unknown {
    try {
      const name = builtInOf(value, []);
      if (name === "Map") {
        const copy = new Map();
        this.#copies.set(value, copy);
        for (const [key, each] of value as Map<unknown, unknown>) copy.set(this.of(key), this.of(each));
        return copy;
      }
      if (name === "Set") {
        const copy = new Set();
        this.#copies.set(value, copy);
        for (const each of value as Set<unknown>) copy.add(this.of(each));
        return copy;
      }
      return this.#codec.take(value, []).value;
    } catch {
      return value; // not one that the codec can copy
    }
  }
}
