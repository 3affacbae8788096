import { type Codec, isArray, isInstance, isPlain, type Path, setOwn } from "./codec.ts";

/*
 * What changed between two states, as a list of operations; apply-operation.ts applies them. Pure.
 *
 *   ["set", path, value]                         sets or adds; an empty path replaces the whole
 *   ["delete", path]
 *   ["push", path, …items]                       an array that grew at its end
 *   ["splice", path, start, deleteCount, …items] an array that changed length elsewhere
 *   ["order", path, keys]                        an object whose keys stand in another order
 */

/** What {@link difference} finds. */
export interface Difference {
  /** The new state as the codec decodes it; parts that did not change are those of the old one. */
  value: unknown;
  /** Each the JSON text of one operation. */
  operations: string[];
  /** By how many characters the state's text grew; negative where it shrank. */
  growth: number;
}

/**
 * Finds what changed.
 *
 * - Parts that are the same object as before are not looked into, so the cost is that of the changed parts and of the
 *   keys beside them.
 *
 * @throws {WorkflowError} STATE_NOT_SERIALIZABLE
 */
export function difference(codec: Codec, previous: unknown, next: unknown): Difference {
  const differ = new Differ(codec);
  const value = differ.compare(previous, next, []);
  return { value, operations: differ.operations, growth: differ.growth };
}

/** As {@link difference}, for a change that names only the top-level keys to set. */
export function patchDifference(codec: Codec, previous: Record<string, unknown>, changes: object): Difference {
  const differ = new Differ(codec);
  const value = differ.merge(previous, changes as Record<string, unknown>);
  return { value, operations: differ.operations, growth: differ.growth };
}

/** From so many operations on, a container most of which changed is written whole. */
const REPLACE_FROM = 8;
/** Arrays up to so many items are looked through for keys of their own whenever they change. */
const KEYS_CHECKED = 1_000;

class Differ {
  readonly operations: string[] = [];
  growth = 0;
  readonly #codec: Codec;

  constructor(codec: Codec) {
    this.#codec = codec;
  }

  /** Notes the operations from one value to the next at a path, and gives the next one, decoded. */
  compare(previous: unknown, next: unknown, path: Path): unknown {
    if (Object.is(previous, next)) return previous;
    if (typeof previous === "object" && previous !== null && typeof next === "object" && next !== null) {
      if (isArray(previous) && isArray(next)) return this.#compareArrays(previous, next, path);
      if (isInstance(previous) || isInstance(next)) {
        if (this.#same(previous, next)) return previous;
      } else if (isPlain(previous) && isPlain(next)) return this.#compareObjects(previous, next, path);
    }
    this.growth -= this.#size(previous);
    return this.#set(next, path);
  }

  merge(previous: Record<string, unknown>, changes: Record<string, unknown>): unknown {
    if (Object.getOwnPropertySymbols(changes).length > 0) this.#codec.encode(changes); // refused there, with its path
    let built: Record<string, unknown> | undefined;
    for (const key of Object.keys(changes)) {
      const known = Object.hasOwn(previous, key);
      const value = known ? this.#compareKey(previous, changes, key, []) : this.#addKey(changes, key, []);
      if (known && Object.is(value, previous[key])) continue;
      built ??= { ...previous };
      setOwn(built, key, value);
    }
    return built === undefined ? previous : Object.freeze(built);
  }

  #set(next: unknown, path: Path): unknown {
    const text = this.#codec.encode(next, path);
    this.growth += text.length;
    this.operations.push(`["set",${JSON.stringify(path)},${text}]`);
    return isSelfContained(next) ? next : this.#codec.decode(text);
  }

  #compareKey(previous: Record<string, unknown>, next: Record<string, unknown>, key: string, path: Path): unknown {
    const before = previous[key];
    const after = next[key];
    return Object.is(before, after) ? before : this.compare(before, after, [...path, key]);
  }

  #addKey(next: Record<string, unknown>, key: string, path: Path): unknown {
    this.growth += key.length + 4;
    return this.#set(next[key], [...path, key]);
  }

  #compareObjects(previous: Record<string, unknown>, next: Record<string, unknown>, path: Path): unknown {
    if (Object.getOwnPropertySymbols(next).length > 0) return this.#set(next, path); // refused there, with its path
    const mark = this.#mark();
    const keys = Object.keys(next);
    const previousKeys = Object.keys(previous);
    const values: unknown[] = [];
    let changed = false;
    let inOrder = true;
    let kept = 0;
    for (const key of keys) {
      const inPlace = inOrder && previousKeys[kept] === key;
      const known = inPlace || Object.hasOwn(previous, key);
      if (!inPlace && (known || kept < previousKeys.length)) inOrder = false;
      const value = known ? this.#compareKey(previous, next, key, path) : this.#addKey(next, key, path);
      if (known) kept++;
      if (!known || !Object.is(value, previous[key])) changed = true;
      values.push(value);
    }
    if (kept < previousKeys.length) {
      this.#deleteKeys(previous, next, path);
      changed = true;
    }
    if (this.#mostlyChanged(mark, keys.length)) return this.#replace(mark, previous, next, path);
    if (!inOrder && isReordered(previousKeys, keys)) {
      this.operations.push(`["order",${JSON.stringify(path)},${JSON.stringify(keys)}]`);
      changed = true;
    }
    return changed ? withValues(next, keys, values) : previous;
  }

  #deleteKeys(previous: Record<string, unknown>, next: object, path: Path): void {
    for (const key of Object.keys(previous)) {
      if (Object.hasOwn(next, key)) continue;
      this.growth -= key.length + 4 + this.#size(previous[key]);
      this.operations.push(`["delete",${JSON.stringify([...path, key])}]`);
    }
  }

  #compareArrays(previous: readonly unknown[], next: readonly unknown[], path: Path): unknown {
    // An array with keys of its own is refused by the codec. Looking for them costs as much as copying a large array
    // ten times over, so that is left to the moment when the array is written whole.
    if (next.length <= KEYS_CHECKED && Object.keys(next).length !== next.length) return this.#set(next, path);
    const shorter = Math.min(previous.length, next.length);
    let start = 0;
    while (start < shorter && previous[start] === next[start] && next[start] !== 0) start++;
    while (start < shorter && this.#same(previous[start], next[start])) start++;
    if (start === previous.length && start === next.length) return previous;
    let end = 0;
    while (end < shorter - start && this.#same(previous[previous.length - 1 - end], next[next.length - 1 - end])) end++;
    if (previous.length === next.length) return this.#compareItems(previous, next, start, next.length - end, path);
    return this.#spliceItems(previous, next, start, end, path);
  }

  #compareItems(
    previous: readonly unknown[],
    next: readonly unknown[],
    start: number,
    stop: number,
    path: Path,
  ): unknown {
    const mark = this.#mark();
    const built = [...previous];
    for (let i = start; i < stop; i++) built[i] = this.compare(previous[i], next[i], [...path, i]);
    if (this.#mostlyChanged(mark, next.length)) return this.#replace(mark, previous, next, path);
    return Object.freeze(built);
  }

  #spliceItems(
    previous: readonly unknown[],
    next: readonly unknown[],
    start: number,
    end: number,
    path: Path,
  ): unknown {
    // Copied first: V8 is fast at spreading a frozen array and slow at slicing one.
    const before = [...previous];
    const deleted = before.slice(start, before.length - end);
    const texts: string[] = [];
    const items: unknown[] = [];
    for (let i = start; i < next.length - end; i++) {
      const text = this.#codec.encode(next[i], [...path, i]);
      texts.push(text);
      items.push(isSelfContained(next[i]) ? next[i] : this.#codec.decode(text));
      this.growth += text.length + 1;
    }
    for (const item of deleted) this.growth -= this.#size(item) + 1;
    const where = JSON.stringify(path);
    this.operations.push(
      start === previous.length
        ? `["push",${where},${texts.join(",")}]`
        : `["splice",${[where, start, deleted.length, ...texts].join(",")}]`,
    );
    return Object.freeze(
      start === before.length
        ? [...before, ...items]
        : before.slice(0, start).concat(items, before.slice(before.length - end)),
    );
  }

  #mark(): { operations: number; growth: number } {
    return { operations: this.operations.length, growth: this.growth };
  }

  #mostlyChanged(mark: { operations: number }, parts: number): boolean {
    const count = this.operations.length - mark.operations;
    return count > REPLACE_FROM && count > parts / 2;
  }

  #replace(mark: { operations: number; growth: number }, previous: unknown, next: unknown, path: Path): unknown {
    this.operations.length = mark.operations;
    this.growth = mark.growth - this.#size(previous);
    return this.#set(next, path);
  }

  #same(a: unknown, b: unknown): boolean {
    if (Object.is(a, b)) return true;
    if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
    if (isArray(a)) return isArray(b) && a.length === b.length && a.every((item, i) => this.#same(item, b[i]));
    if (isInstance(a) || isInstance(b)) {
      return isInstance(a) && isInstance(b) && this.#codec.encode(a) === this.#codec.encode(b);
    }
    if (!isPlain(a) || !isPlain(b)) return false;
    const keys = Object.keys(b);
    return (
      Object.keys(a).every((key, i) => key === keys[i] && this.#same(a[key], b[key])) &&
      Object.keys(a).length === keys.length
    );
  }

  #size(value: unknown): number {
    if (typeof value === "string") return value.length + 2;
    if (typeof value === "object" && value !== null) return this.#codec.encode(value).length;
    return String(value).length;
  }
}

/** A copy of an object, in its order of keys, with the values that the codec made of its own. */
function withValues(next: object, keys: readonly string[], values: readonly unknown[]): object {
  const built: Record<string, unknown> = { ...next };
  for (const [index, key] of keys.entries()) {
    if (!Object.is(built[key], values[index])) setOwn(built, key, values[index]);
  }
  return Object.freeze(built);
}

/** Tells whether keys stand otherwise than they would after the operations that set and delete them. */
function isReordered(previousKeys: readonly string[], keys: readonly string[]): boolean {
  const present = new Set(keys);
  const expected: Record<string, unknown> = {};
  for (const key of previousKeys) if (present.has(key)) setOwn(expected, key, true);
  for (const key of keys) setOwn(expected, key, true);
  return Object.keys(expected).some((key, index) => key !== keys[index]);
}

/** Values that are the same after a trip through text, with nothing to share or freeze. */
function isSelfContained(value: unknown): boolean {
  return value === null || (typeof value !== "object" && typeof value !== "function" && typeof value !== "symbol");
}
