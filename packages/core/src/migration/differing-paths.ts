import { isDeepStrictEqual } from "node:util";
import { advance, isNamed, type PathPattern, type Reached, startOf } from "./path-pattern.ts";

/** The value that replaces an omitted item of a list, so that the other items keep their positions. */
const LEFT_OUT = "(left out)";

/** A place where two outputs differ. */
export interface DifferingPath {
  /** Its place. All items of a list are one place: `*` stands for their index. */
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
      if (!isDeepStrictEqual(a, b)) note(path, [a, b]);
      return;
    }
    above.add(a).add(b);
    if (Array.isArray(a)) {
      for (const [index, item] of a.entries()) walk(item, (b as unknown[])[index], [...path, "*"]);
    } else {
      const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>];
      for (const key of new Set([...Object.keys(left), ...Object.keys(right)])) {
        const isInBoth = Object.hasOwn(left, key) && Object.hasOwn(right, key);
        if (isInBoth) walk(left[key], right[key], [...path, { key }]);
        else note([...path, { key }], [valueAt(left, key), valueAt(right, key)]);
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
    if ((!isList && !isPlainObject(value)) || above.has(value)) return value;
    above.add(value);
    const copied = isList
      ? value.map((item, index) => {
          const next = step(reached, String(index));
          return isLeftOut(next) ? LEFT_OUT : copy(item, next);
        })
      : withPrototypeOf(
          value,
          Object.entries(value).flatMap(([key, item]) => {
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
  if (!isPlainObject(a) || !isPlainObject(b)) return false;
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  const keys = Object.keys(a);
  const hasOtherKeys = keys.length > 0 && Object.keys(b).length > 0 && !keys.some((key) => Object.hasOwn(b, key));
  return path.length === 0 || !hasOtherKeys;
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function withPrototypeOf(value: object, entries: (readonly [string, unknown])[]): object {
  const copied = Object.fromEntries(entries);
  return Object.getPrototypeOf(value) === null ? Object.assign(Object.create(null), copied) : copied;
}

function valueAt(value: Record<string, unknown>, key: string): unknown {
  return Object.hasOwn(value, key) ? value[key] : undefined;
}
