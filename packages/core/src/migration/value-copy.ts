import { emptyError, fillError, isErrorName, readError } from "../state/built-in-errors.ts";
import { builtInOf } from "../state/built-in-instances.ts";
import { Codec, type TakenValue } from "../state/codec.ts";
import { isArray, isPlain } from "../state/live-values.ts";
import { hasKeysBesideItems } from "../state/own-keys.ts";
import { setOwn } from "../state/set-own.ts";
import { MAX_DEPTH } from "../state/too-deep.ts";

/** The bytes that a value of a fixed size counts for, and the overhead of a container or a key. */
const COST = { value: 8, container: 16 };

/** The depth from which on loops are looked for. Nearly all values end before. */
const UNWATCHED_DEPTH = 8;

/** A value has more bytes than may be copied. */
export class TooLarge extends Error {}

/** The bytes that may still be copied. Shared by all copies of one recording. */
export interface ByteBudget {
  leftBytes: number;
  /**
   * Copies hidden keys, symbols and keys of arrays, too, so that the comparison sees that V2 refuses them. Looking for them
   * takes as long as all the rest.
   */
  isThorough?: boolean;
}

/** The codec of an engine without types of its own. */
const BUILT_IN = new Codec();

/**
 * Copies a value as it is now, within a number of bytes. Bytes are estimated: two per character, 8 per number.
 *
 * - Copied is what a checkpoint keeps: plain objects, arrays, the built-in classes, and the classes of the codec. Anything
 *   else, such as a function or an instance of another class, is shared with the copy.
 * - An object that contains itself is shared, too, from some depth on, and so is what no checkpoint keeps because of its depth. One that appears twice is copied twice.
 *
 * @throws {TooLarge} once the budget is spent; and whatever an accessor or a proxy throws
 */
export function copyValue(value: unknown, budget: ByteBudget, codec: Codec = BUILT_IN): unknown {
  return new ValueCopy(budget, codec).of(value, 0);
}

class ValueCopy {
  readonly #budget: ByteBudget;
  readonly #codec: Codec;
  /** The containers around the present one, from some depth on. */
  readonly #above = new Set<object>();

  constructor(budget: ByteBudget, codec: Codec) {
    this.#budget = budget;
    this.#codec = codec;
  }

  of(value: unknown, depth: number): unknown {
    if (typeof value === "string") {
      this.#spend(COST.value + value.length * 2);
      return value;
    }
    if (typeof value !== "object" || value === null) {
      this.#spend(COST.value);
      return value;
    }
    this.#spend(COST.container);
    if (depth > MAX_DEPTH) return value;
    if (depth < UNWATCHED_DEPTH) return this.#object(value, depth + 1);
    if (this.#above.has(value)) return value;
    this.#above.add(value);
    const copy = this.#object(value, depth + 1);
    this.#above.delete(value);
    return copy;
  }

  #object(value: object, depth: number): object {
    if (isArray(value)) {
      // Holes stay holes.
      this.#spend(value.length * COST.value);
      const copy = new Array<unknown>(value.length);
      for (let i = 0; i < value.length; i++) {
        const item = value[i];
        if (item !== undefined || Object.hasOwn(value, i)) copy[i] = this.of(item, depth);
      }
      if (this.#budget.isThorough === true && hasKeysBesideItems(value)) this.#others(value, copy, depth);
      return copy;
    }
    if (isPlain(value)) {
      const copy: Record<string, unknown> = {};
      const keys = Object.keys(value);
      for (const key of keys) {
        this.#spend(COST.value + key.length);
        setOwn(copy, key, this.of(value[key], depth));
      }
      if (this.#budget.isThorough === true && Reflect.ownKeys(value).length > keys.length)
        this.#others(value, copy, depth);
      return copy;
    }
    return this.#instance(value, depth);
  }

  /** Copies the keys that are no items and not enumerable, and symbols. */
  #others(value: object, copy: object, depth: number): void {
    for (const key of Reflect.ownKeys(value)) {
      if (Object.hasOwn(copy, key)) continue;
      const enumerable = Object.prototype.propertyIsEnumerable.call(value, key);
      Object.defineProperty(copy, key, { value: this.of(Reflect.get(value, key), depth), enumerable, writable: true });
    }
  }

  #instance(value: object, depth: number): object {
    const name = builtInOf(value, []);
    switch (name) {
      case "Date":
        return new Date((value as Date).getTime());
      case "Map": {
        const copy = new Map<unknown, unknown>();
        for (const [key, each] of value as Map<unknown, unknown>) copy.set(this.of(key, depth), this.of(each, depth));
        return copy;
      }
      case "Set": {
        const copy = new Set<unknown>();
        for (const each of value as Set<unknown>) copy.add(this.of(each, depth));
        return copy;
      }
      case "Buffer":
      case "Uint8Array":
        return this.#bytes(value as Uint8Array<ArrayBuffer>);
    }
    if (this.#codec.hasTypeFor(value)) return this.#byCodec(value);
    if (ArrayBuffer.isView(value) && name !== undefined) return this.#bytes(value as Uint8Array<ArrayBuffer>);
    if (!isErrorName(name)) return name === undefined ? value : this.#byCodec(value);
    const parts = readError(value, []);
    return fillError(emptyError(name), parts, (part) => this.of(part, depth));
  }

  /** Copies only its own part: the buffer below it may be much larger. */
  #bytes(view: Uint8Array<ArrayBuffer>): object {
    this.#spend(view.byteLength);
    if (Buffer.isBuffer(view)) return Buffer.from(view);
    const { buffer, byteOffset, byteLength } = view;
    const part = buffer.slice(byteOffset, byteOffset + byteLength);
    return new (view.constructor as new (part: ArrayBuffer) => object)(part);
  }

  #byCodec(value: object): object {
    let taken: TakenValue;
    try {
      taken = this.#codec.take(value, []);
    } catch {
      // V2 refuses it, and the comparison says so.
      return value;
    }
    this.#spend(taken.text.length * 2);
    return taken.value as object;
  }

  #spend(bytes: number): void {
    this.#budget.leftBytes -= bytes;
    if (this.#budget.leftBytes < 0) throw new TooLarge("It has more bytes than may be recorded.");
  }
}
