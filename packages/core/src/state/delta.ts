import { WorkflowError } from "../errors.ts";
import { type Codec, isArray, isInstance, isPlain, type Path, setOwn } from "./codec.ts";

/*
 * What changed between two states, as a list of operations, and how to apply them. Pure.
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
    let built: Record<string, unknown> | undefined;
    for (const key of Object.keys(changes)) {
      const value = this.#compareKey(previous, changes, key, []);
      if (Object.hasOwn(previous, key) && Object.is(value, previous[key])) continue;
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
    if (Object.hasOwn(previous, key)) {
      const before = previous[key];
      return Object.is(before, next[key]) ? before : this.compare(before, next[key], [...path, key]);
    }
    this.growth += key.length + 4;
    return this.#set(next[key], [...path, key]);
  }

  #compareObjects(previous: Record<string, unknown>, next: Record<string, unknown>, path: Path): unknown {
    if (Object.getOwnPropertySymbols(next).length > 0) return this.#set(next, path); // refused there, with its path
    const mark = this.#mark();
    const keys = Object.keys(next);
    const previousKeys = Object.keys(previous);
    let built: Record<string, unknown> | undefined;
    let kept = 0;
    for (const key of keys) {
      const value = this.#compareKey(previous, next, key, path);
      if (Object.hasOwn(previous, key)) {
        kept++;
        if (Object.is(value, previous[key])) continue;
      }
      built ??= { ...previous };
      setOwn(built, key, value);
    }
    if (kept < previousKeys.length) {
      built = this.#dropKeys(built ?? previous, next, path);
    }
    if (this.#mostlyChanged(mark, keys.length)) return this.#replace(mark, previous, next, path);
    const order = built === undefined ? previousKeys : Object.keys(built);
    if (order.some((key, index) => key !== keys[index])) {
      this.operations.push(`["order",${JSON.stringify(path)},${JSON.stringify(keys)}]`);
      built = inOrder(built ?? previous, keys);
    }
    return built === undefined ? previous : Object.freeze(built);
  }

  #dropKeys(from: Record<string, unknown>, next: object, path: Path): Record<string, unknown> {
    const kept: Record<string, unknown> = {};
    for (const key of Object.keys(from)) {
      if (Object.hasOwn(next, key)) {
        setOwn(kept, key, from[key]);
        continue;
      }
      this.growth -= key.length + 4 + this.#size(from[key]);
      this.operations.push(`["delete",${JSON.stringify([...path, key])}]`);
    }
    return kept;
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

/**
 * Applies operations, as parsed from JSON, which it takes over.
 *
 * @throws {WorkflowError} STATE_CORRUPT, STATE_TYPE_UNKNOWN
 */
export function applyOperation(codec: Codec, state: unknown, operation: readonly unknown[]): unknown {
  const [name, path, ...rest] = operation as [string, Path, ...unknown[]];
  return update(state, path, 0, (value, found) => {
    switch (name) {
      case "set":
        return codec.revive(rest[0]);
      case "push":
        return Object.freeze([...(value as unknown[]), ...rest.map((item) => codec.revive(item))]);
      case "splice": {
        const [start, deleteCount, ...items] = rest as [number, number, ...unknown[]];
        const array = [...(value as unknown[])];
        const tail = array.slice(start + deleteCount);
        return Object.freeze(
          array.slice(0, start).concat(
            items.map((item) => codec.revive(item)),
            tail,
          ),
        );
      }
      case "order":
        return Object.freeze(inOrder(value as Record<string, unknown>, rest[0] as string[]));
      case "delete":
        if (found) return DELETED;
    }
    throw new WorkflowError("STATE_CORRUPT", `A stored change cannot be applied: ${name} at ${JSON.stringify(path)}.`);
  });
}

const DELETED = Symbol("deleted");

/** Copies the containers on the way to a path and puts what `change` gives at its end. */
function update(
  state: unknown,
  path: Path,
  depth: number,
  change: (value: unknown, found: boolean) => unknown,
): unknown {
  const key = path[depth];
  if (key === undefined) return change(state, true);
  if (typeof state !== "object" || state === null) {
    throw new WorkflowError("STATE_CORRUPT", `A stored change leads nowhere: ${JSON.stringify(path)}.`);
  }
  if (Array.isArray(state)) {
    const copy = [...state];
    copy[key as number] = update(state[key as number], path, depth + 1, change);
    return Object.freeze(copy);
  }
  const from = state as Record<string, unknown>;
  const last = depth === path.length - 1;
  const found = Object.hasOwn(from, key);
  const value = last ? change(found ? from[key] : undefined, found) : update(from[key], path, depth + 1, change);
  if (value === DELETED)
    return Object.freeze(
      inOrder(
        from,
        Object.keys(from).filter((each) => each !== key),
      ),
    );
  const copy = { ...from };
  setOwn(copy, String(key), value);
  return Object.freeze(copy);
}

function inOrder(from: Record<string, unknown>, keys: readonly string[]): Record<string, unknown> {
  const ordered: Record<string, unknown> = {};
  for (const key of keys) setOwn(ordered, key, from[key]);
  return ordered;
}

/** Values that are the same after a trip through text, with nothing to share or freeze. */
function isSelfContained(value: unknown): boolean {
  return value === null || (typeof value !== "object" && typeof value !== "function" && typeof value !== "symbol");
}
