import { types } from "node:util";
import { handleRejections } from "./tell.ts";

/** The most objects that are looked at, and the most entries of one. */
const MAX_LOOKS = 10_000;

/**
 * Handles the rejections of the promises in a value that is refused or was thrown: a forgotten `await` is a failure of its
 * node, but nobody else would handle the promise, and an unhandled rejection ends the process. Never throws.
 *
 * - Looks at up to 10,000 objects, and at the first 10,000 entries of each. Calls no getter.
 */
export function abandonPromises(given: unknown): void {
  const seen = new Set<unknown>();
  const left = [given].filter(isObject);
  for (let value = left.pop(); value !== undefined && seen.size < MAX_LOOKS; value = left.pop()) {
    if (seen.has(value)) continue;
    seen.add(value);
    if (types.isPromise(value)) handleRejections(value);
    else if (!types.isProxy(value) && !ArrayBuffer.isView(value)) left.push(...partsOf(value).filter(isObject));
  }
}

// As many as are taken: they become arguments, which the stack limits.
function partsOf(value: object): unknown[] {
  if (types.isMap(value)) return [...Map.prototype.entries.call(value)].slice(0, MAX_LOOKS).flat();
  if (types.isSet(value)) return [...Set.prototype.values.call(value)].slice(0, MAX_LOOKS);
  const keys = Reflect.ownKeys(value).slice(0, MAX_LOOKS);
  return keys.map((key): unknown => Object.getOwnPropertyDescriptor(value, key)?.value);
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
