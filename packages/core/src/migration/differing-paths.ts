import { areEqual } from "./are-equal.ts";
import { advance, isNamed, type PathPattern, type Reached, startOf } from "./path-pattern.ts";

/** The value that replaces an omitted item of a list, so that the other items keep their positions. */
const LEFT_OUT = "(left out)";

/** A place where two outputs differ. */
export interface DifferingPath {
  /** Its place. All items of a list are one place: `*` stands for their index. A Map is as an object. */
  path: PathPattern;
  /** The two values. `undefined` if there is none. */
  values: readonly [unknown, unknown];
}

/**
 * Finds the places where two outputs differ, as deep as possible.
 *
 * - Two maps without a common key (random ids) are one place, and so are two lists of different lengths.
 */
export function differingPaths(first: unknown, second: unknown): DifferingPath[] {
  const found = new Map<string, DifferingPath>();
  const above = new Set<unknown>();
  const note = (path: PathPattern, values: [unknown, unknown]) => {
    const name = JSON.stringify(path);
    if (!found.has(name)) found.set(name, { path, values });
  };
  const walk = (a: unknown, b: unknown, path: PathPattern) => {
    const isLoop = above.has(a) || above.has(b);
    if (isLoop || !isAlike(a, b, path)) {
      if (!areEqual(a, b)) note(path, [a, b]);
      return;
    }
    above.add(a).add(b);
    if (Array.isArray(a)) {
      for (const [index, item] of a.entries()) walk(item, (b as unknown[])[index], [...path, "*"]);
    } else {
      const [left, right] = [keyedOf(a) as Keyed, keyedOf(b) as Keyed];
      for (const key of new Set([...left.keys(), ...right.keys()])) {
        const values = [left.get(key), right.get(key)] as const;
        if (left.has(key) && right.has(key)) walk(...values, [...path, { key }]);
        else note([...path, { key }], [...values]);
      }
    }
    above.delete(a);
    above.delete(b);
  };
  walk(first, second, []);
  return [...found.values()];
}

/** Copies an output without the places that patterns match, and calls `onNamed` with the index of each such pattern. */
export function withoutPaths(
  output: unknown,
  patterns: readonly PathPattern[],
  onNamed: (index: number) => void = () => undefined,
): unknown {
  const above = new Set<unknown>();
  const isLeftOut = (reached: readonly Reached[]) => {
    const named = reached.flatMap((places, index) => (isNamed(patterns[index] as PathPattern, places) ? [index] : []));
    named.forEach(onNamed);
    return named.length > 0;
  };
  const step = (reached: readonly Reached[], key: string) =>
    reached.map((places, index) => advance(patterns[index] as PathPattern, places, key));
  const copy = (value: unknown, reached: readonly Reached[]): unknown => {
    const isList = Array.isArray(value);
    const keyed = isList ? undefined : keyedOf(value);
    if ((!isList && keyed === undefined) || above.has(value)) return value;
    above.add(value);
    const copied = isList
      ? value.map((item, index) => {
          const next = step(reached, String(index));
          return isLeftOut(next) ? LEFT_OUT : copy(item, next);
        })
      : likeOf(
          value as object,
          [...(keyed as Keyed)].flatMap(([key, item]) => {
            const next = step(reached, key);
            return isLeftOut(next) ? [] : [[key, copy(item, next)] as const];
          }),
        );
    above.delete(value);
    return copied;
  };
  const start = patterns.map(startOf);
  return isLeftOut(start) ? LEFT_OUT : copy(output, start);
}

/** Returns true for two lists of one length, and for two maps at the root or with a common key. */
function isAlike(a: unknown, b: unknown, path: PathPattern): boolean {
  if (Array.isArray(a) || Array.isArray(b)) return Array.isArray(a) && Array.isArray(b) && a.length === b.length;
  const [left, right] = [keyedOf(a), keyedOf(b)];
  if (left === undefined || right === undefined) return false;
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  const hasOtherKeys = left.size > 0 && right.size > 0 && ![...left.keys()].some((key) => right.has(key));
  return path.length === 0 || !hasOtherKeys;
}

type Keyed = ReadonlyMap<string, unknown>;

/** Returns the values of a plain object, or of a Map whose keys are texts, by their keys. */
function keyedOf(value: unknown): Keyed | undefined {
  if (isPlainObject(value)) return new Map(Object.entries(value));
  if (!(value instanceof Map)) return undefined;
  return [...value.keys()].every((key) => typeof key === "string") ? value : undefined;
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Makes a Map, or an object of the same prototype, from entries. */
function likeOf(value: object, entries: (readonly [string, unknown])[]): object {
  if (value instanceof Map) return new Map(entries);
  const copied = Object.fromEntries(entries);
  return Object.getPrototypeOf(value) === null ? Object.assign(Object.create(null), copied) : copied;
}
