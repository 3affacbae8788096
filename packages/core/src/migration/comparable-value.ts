import type { ErrorName } from "../state/built-in-classes.ts";
import { isErrorName, readError } from "../state/built-in-errors.ts";
import { builtInOf } from "../state/built-in-instances.ts";
import type { Codec } from "../state/codec.ts";
import { isArray, isPlain } from "../state/live-values.ts";
import { setOwn } from "../state/set-own.ts";

/**
 * Stands for an instance whose state the comparison of `node:util` does not see in every version of Node.js, or does not
 * see at all: a URL, an error, an instance of a class with private fields.
 */
export class StandIn {
  /** The name of its class, as the codec writes it. */
  readonly type: string;
  readonly content: unknown;
  readonly #original: object;

  constructor(original: object, type: string, content: unknown) {
    this.#original = original;
    this.type = type;
    this.content = content;
  }

  get original(): object {
    return this.#original;
  }
}

/**
 * Copies a value into a form in which values that a checkpoint keeps alike are deeply equal.
 *
 * - An object without a prototype becomes a usual one, as in a checkpoint. What is of another realm becomes of this one.
 * - URLs, errors and instances of the codec's types are replaced by {@link StandIn}s. The stack of an error is left out.
 * - Instances of other classes are shared with the copy. An object that contains itself does so in the copy, too.
 */
export function comparableValue(value: unknown, codec: Codec): unknown {
  return new Comparable(codec).of(value);
}

class Comparable {
  readonly #codec: Codec;
  readonly #made = new Map<object, unknown>();

  constructor(codec: Codec) {
    this.#codec = codec;
  }

  of(value: unknown): unknown {
    if (typeof value !== "object" || value === null) return value;
    if (this.#made.has(value)) return this.#made.get(value);
    if (isArray(value)) return this.#fill(value, new Array(value.length));
    if (isPlain(value)) return this.#fill(value, {});
    try {
      return this.#instance(value);
    } catch {
      // It cannot be read, so a checkpoint refuses it.
      return value;
    }
  }

  #fill(original: object, copy: object): object {
    this.#made.set(original, copy);
    for (const key of Object.keys(original)) setOwn(copy, key, this.of((original as Record<string, unknown>)[key]));
    for (const key of Object.getOwnPropertySymbols(original)) {
      Object.defineProperty(copy, key, { value: Reflect.get(original, key), enumerable: true });
    }
    return copy;
  }

  #instance(value: object): unknown {
    const name = builtInOf(value, []);
    if (name === "Date") return new Date((value as Date).getTime());
    if (name === "Map") {
      const copy = new Map();
      this.#made.set(value, copy);
      for (const [key, each] of value as Map<unknown, unknown>) copy.set(this.of(key), this.of(each));
      return copy;
    }
    if (name === "Set") {
      const copy = new Set();
      this.#made.set(value, copy);
      for (const each of value as Set<unknown>) copy.add(this.of(each));
      return copy;
    }
    if (isErrorName(name) && !this.#codec.hasTypeFor(value)) return this.#error(value, name);
    if (name !== undefined && name !== "URL" && !this.#codec.hasTypeFor(value)) return value;
    return this.#encoded(value);
  }

  #error(value: object, name: ErrorName): object {
    const { own, fields } = readError(value, []);
    const { stack: _stack, ...parts }: Record<string, unknown> = { ...own, fields };
    const content: Record<string, unknown> = {};
    const standIn = new StandIn(value, name, content);
    this.#made.set(value, standIn);
    for (const [key, part] of Object.entries(parts)) content[key] = this.of(part);
    return standIn;
  }

  /** What the codec refuses is compared as it is. */
  #encoded(value: object): object {
    try {
      const { $type, value: content } = JSON.parse(this.#codec.encode(value)) as { $type: string; value: unknown };
      return new StandIn(value, $type, content);
    } catch {
      return value;
    }
  }
}
