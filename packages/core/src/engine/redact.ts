/** Stands for a value that is not to be shown. */
export const REDACTED = "[redacted]";
/** The greatest depth that is searched. Deeper values are replaced as a whole. */
const MAX_DEPTH = 8;

/**
 * Returns a copy of plain values in which those under some keys are replaced by "[redacted]".
 *
 * - Keys are compared without regard to case, at every depth up to 8. Instances are left as they are.
 */
export function redacted(value: object, keys: readonly string[]): unknown {
  return copyOf(value, new Set(keys.map((key) => key.toLowerCase())), 0);
}

function copyOf(value: unknown, keys: ReadonlySet<string>, depth: number): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (depth > MAX_DEPTH) return REDACTED;
  if (Array.isArray(value)) return value.map((item) => copyOf(item, keys, depth + 1));
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [
      key,
      keys.has(key.toLowerCase()) ? REDACTED : copyOf(each, keys, depth + 1),
    ]),
  );
}
