import { types } from "node:util";
import { handleRejections } from "./tell.ts";

/** The most values that are looked at. */
const MAX_VALUES = 10_000;

/**
 * Handles the rejections of all promises in a value that is refused or was thrown: a forgotten `await` is a failure of its
 * node, but nobody else would handle the promise, and an unhandled rejection ends the process. Never throws.
 *
 * - Looks at up to 10,000 values, and calls no getter.
 */
export function abandonPromises(given: unknown): void {
  const seen = new Set<unknown>();
  const left = [given];
  while (left.length > 0 && left.length + seen.size < MAX_VALUES) {
    const value = left.pop();
    if (typeof value !== "object" || value === null || seen.has(value)) continue;
    seen.add(value);
    if (types.isPromise(value)) handleRejections(value);
    else if (!types.isProxy(value) && !ArrayBuffer.isView(value)) left.push(...partsOf(value));
  }
}

function partsOf(value: object): unknown[] {
  if (types.isMap(value)) return [...Map.prototype.entries.call(value)].flat();
  if (types.isSet(value)) return [...Set.prototype.values.call(value)];
  const keys = Reflect.ownKeys(value).slice(0, MAX_VALUES);
  return keys.map((key): unknown => Object.getOwnPropertyDescriptor(value, key)?.value);
}
