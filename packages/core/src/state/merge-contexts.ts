import type { Codec } from "./codec.ts";
import { isInstance } from "./live-values.ts";
import { setOwn } from "./set-own.ts";

/*
 * A three-way merge of contexts by value, for nodes that run side by side. Pure.
 *
 * Both orders of two changes make the same context, but for the order of keys, or both conflict.
 */

/** What a node has changed, another node has changed since, too. */
export class MergeConflict extends Error {
  /** The keys and indexes that lead to the value. */
  readonly path: readonly (string | number)[];

  constructor(path: readonly (string | number)[]) {
    super("Both have changed the same value.");
    this.path = path;
  }
}

/** The three contexts of a merge. All their values are the codec's own decoding. */
export interface MergedContexts {
  /** The context that the node was given. */
  given: Record<string, unknown>;
  /** The context that is committed by now. */
  current: Record<string, unknown>;
  /** What the node has made of the context that it was given. */
  result: Record<string, unknown>;
}

/**
 * Merges what a node has changed into the current context.
 *
 * - Objects are merged key by key, also one that both have added. Arrays are merged item by item if all three have the
 *   same length. Anything else is one value.
 * - What one side has changed alone is taken. What both have changed stands if both made the same string, boolean, null,
 *   `undefined` or instance. Equal numbers and equal arrays are a conflict, since they can hide a lost update.
 * - If nothing else was committed (`current` is `given`), the result is returned as it is, with its order of keys.
 *
 * @throws {MergeConflict}
 */
export function mergeContexts(codec: Codec, { given, current, result }: MergedContexts): Record<string, unknown> {
  if (current === given) return result;
  return new Merger(codec).merge({ base: given, current, mine: result });
}

/**
 * Merges the values of some keys, as {@link mergeContexts} does. A key that the merged context does not have is absent.
 *
 * @throws {MergeConflict}
 */
export function mergeKeys(
  codec: Codec,
  { given, current, result }: MergedContexts,
  keys: readonly string[],
): Record<string, unknown> {
  return new Merger(codec).mergeKeys({ base: given, current, mine: result }, keys);
}

/** The value of a key that an object does not have. */
const ABSENT = Symbol("absent");

type Plain = Record<string, unknown>;

/** A value as it was given, as it is now, and as a node has made it. */
interface Three<T> {
  base: T;
  current: T;
  mine: T;
}

class Merger {
  readonly #codec: Codec;
  readonly #path: (string | number)[] = [];

  constructor(codec: Codec) {
    this.#codec = codec;
  }

  merge(contexts: Three<Plain>): Plain {
    const { current, mine } = contexts;
    const added = Object.keys(mine).filter((key) => !Object.hasOwn(current, key));
    return this.mergeKeys(contexts, [...Object.keys(current), ...added]);
  }

  mergeKeys({ base, current, mine }: Three<Plain>, keys: readonly string[]): Plain {
    const merged: Plain = {};
    for (const key of keys) {
      const value = this.#at(key, () => this.#merge(own(base, key), own(current, key), own(mine, key)));
      if (value !== ABSENT) setOwn(merged, key, value);
    }
    return merged;
  }

  #at<T>(key: string | number, work: () => T): T {
    this.#path.push(key);
    const made = work();
    this.#path.pop();
    return made;
  }

  /** Returns the merged value, or {@link ABSENT} if the key goes. */
  #merge(base: unknown, current: unknown, mine: unknown): unknown {
    if (this.#areSame(mine, base)) return current;
    if (this.#areSame(current, base)) return mine;
    if (isPlainObject(current) && isPlainObject(mine) && (base === ABSENT || isPlainObject(base))) {
      return this.merge({ base: base === ABSENT ? {} : (base as Plain), current, mine });
    }
    if (haveOneLength(base, current, mine)) {
      const [bases, currents, mines] = [base, current, mine] as [unknown[], unknown[], unknown[]];
      return mines.map((item, index) => this.#at(index, () => this.#merge(bases[index], currents[index], item)));
    }
    if (!canHideLostUpdate(mine) && this.#areSame(current, mine)) return current;
    throw new MergeConflict([...this.#path]);
  }

  /** Compares by value, whatever the order of keys. Instances are the same if the codec writes the same text. */
  #areSame(a: unknown, b: unknown): boolean {
    if (Object.is(a, b)) return true;
    if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
    if (Array.isArray(a) || Array.isArray(b)) {
      if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
      return a.every((item: unknown, index) => this.#areSame(item, b[index]));
    }
    if (isInstance(a) || isInstance(b)) {
      return isInstance(a) && isInstance(b) && this.#codec.encode(a) === this.#codec.encode(b);
    }
    const keys = Object.keys(a);
    if (keys.length !== Object.keys(b).length) return false;
    return keys.every((key) => Object.hasOwn(b, key) && this.#areSame((a as Plain)[key], (b as Plain)[key]));
  }
}

function own(object: Plain, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : ABSENT;
}

function isPlainObject(value: unknown): value is Plain {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !isInstance(value);
}

function haveOneLength(...values: unknown[]): boolean {
  const [first] = values;
  return Array.isArray(first) && values.every((one) => Array.isArray(one) && one.length === first.length);
}

/** Two nodes that both count to 3, or both begin the same list, have lost one of the counts, or one of the items. */
function canHideLostUpdate(value: unknown): boolean {
  return typeof value === "number" || typeof value === "bigint" || Array.isArray(value);
}
