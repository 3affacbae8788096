import { isArray, isPlain } from "../state/live-values.ts";
import { setOwn } from "../state/set-own.ts";

/** The bytes that a value of a fixed size counts for, and the overhead of a container or a key. */
const COST = { value: 8, container: 16 };

/** The depth from which on loops are looked for. Nearly all values end before. */
const UNWATCHED_DEPTH = 64;

/** A value has more bytes than may be copied. */
export class TooLarge extends Error {}

/** The bytes that may still be copied. Shared by all copies of one recording. */
export interface ByteBudget {
  leftBytes: number;
}

/**
 * Copies a value as it is now, within a number of bytes. Bytes are estimated: two per character, 8 per number.
 *
 * - Plain objects, arrays, maps, sets, dates and bytes are copied. Anything else, such as a function or an instance of a
 *   class, is shared with the copy.
 * - An object that contains itself is shared, too, from some depth on. One that appears twice is copied twice.
 *
 * @throws {TooLarge} once the budget is spent; and whatever an accessor or a proxy throws
 */
export function copyValue(value: unknown, budget: ByteBudget): unknown {
  return new ValueCopy(budget).of(value, 0);
}

class ValueCopy {
  readonly #budget: ByteBudget;
  /** The containers around the present one, from some depth on. */
  readonly #above = new Set<object>();

  constructor(budget: ByteBudget) {
    this.#budget = budget;
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
      return copy;
    }
    if (isPlain(value)) {
      const copy: Record<string, unknown> = {};
      for (const key of Object.keys(value)) {
        this.#spend(COST.value + key.length);
        setOwn(copy, key, this.of(value[key], depth));
      }
      return copy;
    }
    return this.#instance(value, depth);
  }

  #instance(value: object, depth: number): object {
    if (value instanceof Date) return new Date(value.getTime());
    if (value instanceof Map) {
      const copy = new Map<unknown, unknown>();
      for (const [key, each] of value) copy.set(this.of(key, depth), this.of(each, depth));
      return copy;
    }
    if (value instanceof Set) {
      const copy = new Set<unknown>();
      for (const each of value) copy.add(this.of(each, depth));
      return copy;
    }
    if (ArrayBuffer.isView(value)) {
      this.#spend(value.byteLength);
      if (Buffer.isBuffer(value)) return Buffer.from(value);
      // Only its own part: the buffer below it may be much larger.
      const { buffer, byteOffset, byteLength } = value;
      const part = buffer.slice(byteOffset, byteOffset + byteLength);
      return new (value.constructor as new (part: ArrayBufferLike) => object)(part);
    }
    return value;
  }

  #spend(bytes: number): void {
    this.#budget.leftBytes -= bytes;
    if (this.#budget.leftBytes < 0) throw new TooLarge("It has more bytes than may be recorded.");
  }
}
