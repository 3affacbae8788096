/** Stands for a value that is not to be shown. */
export const REDACTED = "[redacted]";
/** The greatest depth that is searched. Deeper values are replaced as a whole. */
const MAX_DEPTH = 8;
/** The most entries that are copied: an object that contains its parents has more and more with each level. */
const MAX_ENTRIES = 10_000;

/**
 * Returns a copy of plain values in which those under some keys are replaced by "[redacted]".
 *
 * - Keys are compared without regard to case, at every depth up to 8, in up to 10,000 entries; what is beyond is replaced
 *   too. Instances are left as they are.
 */
export function redacted(value: object, keys: readonly string[]): unknown {
  const search = { keys: new Set(keys.map((key) => key.toLowerCase())), entriesLeft: MAX_ENTRIES };
  return copyOf(value, search, 0);
}

interface Search {
  keys: ReadonlySet<string>;
  entriesLeft: number;
}

function copyOf(value: unknown, search: Search, depth: number): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (depth > MAX_DEPTH) return REDACTED;
  const isList = Array.isArray(value);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (!isList && prototype !== Object.prototype && prototype !== null) return value;
  const size = isList ? value.length : Object.keys(value).length;
  if (size > search.entriesLeft) return REDACTED;
  search.entriesLeft -= size;
  if (isList) return value.map((item) => copyOf(item, search, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [
      key,
      search.keys.has(key.toLowerCase()) ? REDACTED : copyOf(each, search, depth + 1),
    ]),
  );
}
