import { adjust } from "./adjust.ts";
import { type Codec, isTagged, type TakenValue } from "./codec.ts";
import { isInstance, readEntries, readItems, readPlain, shapeOf } from "./live-values.ts";
import type { Path } from "./not-serializable.ts";
import { setOwn } from "./set-own.ts";
import { writeJson } from "./write-json.ts";

/*
 * The changes from one state to another, as a list of operations. Pure. apply-operation.ts applies them.
 *
 *   ["set", path, value]                         sets or adds; an empty path replaces the whole
 *   ["delete", path]
 *   ["push", path, …items]                       an array that grew at its end
 *   ["splice", path, start, deleteCount, …items] an array that changed length elsewhere
 *   ["order", path, keys]                        an object whose keys have another order
 */

/** The result of {@link difference}. */
export interface Difference {
  /** The new state, as the codec decodes it. Unchanged parts are the same objects as in the old state. */
  value: unknown;
  /** The JSON text of each operation. */
  operations: string[];
  /** Characters by which the state's text grew; negative if it shrank. */
  growth: number;
  /** False if what the operations set surely holds no instance (Map, Date, bytes…). */
  holdsInstances: boolean;
}

/**
 * Finds the changes from one state to another.
 *
 * - Skips parts that are the same object as before. So the cost depends on the changed parts and the keys beside them,
 *   not on the size of the state.
 * - Every property of the new state is read once.
 *
 * @throws {WorkflowError} STATE_NOT_SERIALIZABLE
 */
export function difference(codec: Codec, previous: unknown, next: unknown): Difference {
  const differ = new Differ(codec);
  return differ.found(differ.compare(previous, next));
}

/** Works as {@link difference}, for a change that names only the top-level keys to set or to adjust. */
export function patchDifference(codec: Codec, previous: Record<string, unknown>, changes: object): Difference {
  const differ = new Differ(codec);
  return differ.found(differ.merge(previous, changes as Record<string, unknown>));
}

/** More operations than this, on most parts of a container: it is written whole. */
const REPLACE_FROM = 8;

class Differ {
  readonly operations: string[] = [];
  growth = 0;
  holdsInstances = false;
  readonly #codec: Codec;
  /** The path of the values that are being compared. */
  readonly #path: (string | number)[] = [];

  constructor(codec: Codec) {
    this.#codec = codec;
  }

  found(value: unknown): Difference {
    const { operations, growth, holdsInstances } = this;
    return { value, operations, growth, holdsInstances };
  }

  /** Adds the operations from one value to the next at the path. Returns the next one, decoded. */
  compare(previous: unknown, next: unknown): unknown {
    if (Object.is(previous, next)) return previous;
    if (typeof previous === "object" && previous !== null && typeof next === "object" && next !== null) {
      const shape = shapeOf(next, this.#path);
      if (shape === "array" && Array.isArray(previous)) {
        return this.#compareArrays(previous, readItems(next as unknown[], this.#path));
      }
      if (shape === "instance" || isInstance(previous)) return this.#compareInstances(previous, next);
      if (shape === "plain" && !Array.isArray(previous)) {
        return this.#compareObjects(previous as Record<string, unknown>, next as Record<string, unknown>);
      }
    }
    this.growth -= this.#size(previous);
    return this.#set(next);
  }

  merge(previous: Record<string, unknown>, changes: Record<string, unknown>): unknown {
    const copy = readPlain(changes, []);
    let built: Record<string, unknown> | undefined;
    for (const key of Object.keys(copy)) {
      const known = Object.hasOwn(previous, key);
      const next = adjust(known ? previous[key] : undefined, copy[key], [key]);
      const value = known ? this.#compareAt(key, previous[key], next) : this.#addKey(key, next);
      if (known && Object.is(value, previous[key])) continue;
      built ??= { ...previous };
      setOwn(built, key, value);
    }
    return built === undefined ? previous : Object.freeze(built);
  }

  #set(next: unknown): unknown {
    const { text, value } = this.#take(next, this.#path);
    return this.#noteSet(text, value);
  }

  #noteSet(text: string, value: unknown): unknown {
    this.growth += text.length;
    const path = this.#path;
    // Most changes are of a top-level key, and a text is written in half the time of a list.
    const where = path.length === 1 ? `[${writeJson(path[0])}]` : writeJson(path);
    this.operations.push(`["set",${where},${text}]`);
    return value;
  }

  #take(next: unknown, path: Path): TakenValue {
    const taken = this.#codec.take(next, path);
    // A primitive is no instance, whatever its text looks like.
    if (Object(taken.value) === taken.value) this.holdsInstances ||= isTagged(taken.text);
    return taken;
  }

  #compareInstances(previous: object, next: object): unknown {
    const { text, value } = this.#take(next, this.#path);
    const previousText = this.#codec.encode(previous);
    if (isInstance(previous) && text === previousText) return previous;
    this.growth -= previousText.length;
    return this.#noteSet(text, value);
  }

  #compareAt(key: string | number, previous: unknown, next: unknown): unknown {
    if (Object.is(previous, next)) return previous;
    this.#path.push(key);
    const value = this.compare(previous, next);
    this.#path.pop();
    return value;
  }

  #addKey(key: string, next: unknown): unknown {
    this.growth += key.length + 4;
    this.#path.push(key);
    const value = this.#set(next);
    this.#path.pop();
    return value;
  }

  #compareObjects(previous: Record<string, unknown>, next: Record<string, unknown>): unknown {
    const mark = this.#mark();
    const previousKeys = Object.keys(previous);
    const previousValues = Object.values(previous);
    const { keys, values, copy } = readEntries(next, previousKeys, this.#path);
    const changed: number[] = [];
    let kept = 0;
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i] as string;
      const isInPlace = previousKeys[i] === key;
      const before = isInPlace ? previousValues[i] : previous[key];
      const known = isInPlace || Object.hasOwn(previous, key);
      if (known && Object.is(before, values[i])) {
        kept++;
        continue;
      }
      const value = known ? this.#compareAt(key, before, values[i]) : this.#addKey(key, values[i]);
      if (known) kept++;
      values[i] = value;
      if (!known || !Object.is(value, before)) changed.push(i);
    }
    if (kept < previousKeys.length) this.#deleteKeys(previous, keys);
    const reordered = copy !== undefined && isReordered(previousKeys, keys);
    if (changed.length === 0 && kept === previousKeys.length && !reordered) return previous;
    const built = copy ?? { ...previous };
    for (const i of copy === undefined ? changed : keys.keys()) setOwn(built, keys[i] as string, values[i]);
    if (this.#mostlyChanged(mark, keys.length)) return this.#replace(mark, previous, built);
    if (reordered) this.operations.push(`["order",${writeJson(this.#path)},${writeJson(keys)}]`);
    return Object.freeze(built);
  }

  #deleteKeys(previous: Record<string, unknown>, keys: readonly string[]): void {
    const left = new Set(keys);
    for (const key of Object.keys(previous)) {
      if (left.has(key)) continue;
      this.growth -= key.length + 4 + this.#size(previous[key]);
      this.operations.push(`["delete",${writeJson([...this.#path, key])}]`);
    }
  }

  /** Changes and returns `items`, so they must be a copy. */
  #compareArrays(previous: readonly unknown[], items: unknown[]): unknown {
    if (previous.length === items.length) return this.#compareItems(previous, items);
    const { length } = items;
    const shorter = Math.min(previous.length, length);
    let start = 0;
    while (start < shorter && this.#isSameItem(previous[start], items, start)) start++;
    let end = 0;
    while (end < shorter - start && this.#isSameItem(previous.at(-1 - end), items, length - 1 - end)) end++;
    return this.#spliceItems(previous, items, { start, end });
  }

  #compareItems(previous: readonly unknown[], items: unknown[]): unknown {
    const mark = this.#mark();
    let changed = false;
    for (let i = 0; i < items.length; i++) {
      if (Object.is(previous[i], items[i])) continue;
      items[i] = this.#compareAt(i, previous[i], items[i]);
      if (!Object.is(previous[i], items[i])) changed = true;
    }
    if (!changed) return previous;
    if (this.#mostlyChanged(mark, items.length)) return this.#replace(mark, previous, items);
    return Object.freeze(items);
  }

  /** Returns true if an item equals an earlier one. In both cases, replaces the item by its decoded value. */
  #isSameItem(before: unknown, items: unknown[], at: number): boolean {
    const item = items[at];
    if (Object.is(before, item)) return true;
    if (typeof before !== "object" || typeof item !== "object" || before === null || item === null) return false;
    const mark = this.#mark();
    const value = this.#compareAt(at, before, item);
    items[at] = value;
    if (Object.is(value, before)) return true;
    this.#undo(mark);
    return false;
  }

  #spliceItems(previous: readonly unknown[], items: unknown[], same: { start: number; end: number }): unknown {
    const { start, end } = same;
    const texts: string[] = [];
    for (let i = start; i < items.length - end; i++) {
      const { text, value } = this.#take(items[i], [...this.#path, i]);
      texts.push(text);
      items[i] = value;
      this.growth += text.length + 1;
    }
    const deleteCount = previous.length - end - start;
    for (let i = start; i < start + deleteCount; i++) this.growth -= this.#size(previous[i]) + 1;
    const where = writeJson(this.#path);
    this.operations.push(
      start === previous.length
        ? `["push",${where},${texts.join(",")}]`
        : `["splice",${[where, start, deleteCount, ...texts].join(",")}]`,
    );
    return Object.freeze(items);
  }

  #mark(): { operations: number; growth: number } {
    return { operations: this.operations.length, growth: this.growth };
  }

  #undo(mark: { operations: number; growth: number }): void {
    this.operations.length = mark.operations;
    this.growth = mark.growth;
  }

  #mostlyChanged(mark: { operations: number }, parts: number): boolean {
    const count = this.operations.length - mark.operations;
    return count > REPLACE_FROM && count > parts / 2;
  }

  /** Writes a container whole. `next` must hold only values that this codec has decoded. */
  #replace(mark: { operations: number; growth: number }, previous: unknown, next: object): unknown {
    this.#undo(mark);
    this.growth -= this.#size(previous);
    return this.#noteSet(this.#codec.encode(next, this.#path), Object.freeze(next));
  }

  #size(value: unknown): number {
    if (typeof value === "string") return value.length + 2;
    if (typeof value === "object" && value !== null) return this.#codec.encode(value).length;
    return String(value).length;
  }
}

/** Returns true if the operations that set and delete keys would leave them in another order. */
function isReordered(previousKeys: readonly string[], keys: readonly string[]): boolean {
  const present = new Set(keys);
  const expected: Record<string, unknown> = {};
  for (const key of previousKeys) if (present.has(key)) setOwn(expected, key, true);
  for (const key of keys) setOwn(expected, key, true);
  return Object.keys(expected).some((key, index) => key !== keys[index]);
}
