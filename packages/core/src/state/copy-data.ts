import type { ErrorName } from "./built-in-classes.ts";
import { emptyError, fillError, isErrorName, readError } from "./built-in-errors.ts";
import { builtInOf } from "./built-in-instances.ts";
import type { Codec } from "./codec.ts";
import { isArray, isPlain } from "./live-values.ts";

/**
 * Copies the data that a node's schema has returned, so that the node may change it.
 *
 * - Plain objects, lists, instances of the built-in classes that the codec keeps and of the codec's types are copied.
 *   Anything else (an instance of another class, a function) is shared with the copy.
 * - An object that appears in two places, or contains itself, does so in the copy, too.
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
      // Writable and configurable, because the original may be frozen and the copy must not be.
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
      if (isErrorName(name) && !this.#codec.hasTypeFor(value)) return this.#error(value, name);
      return this.#codec.take(value, []).value;
    } catch {
      return value; // not one that the codec can copy
    }
  }

  #error(value: object, name: ErrorName): object {
    const parts = readError(value, []);
    const copy = emptyError(name);
    this.#copies.set(value, copy);
    return fillError(copy, parts, (each) => this.of(each));
  }
}
