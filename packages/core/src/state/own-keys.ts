import { inspect, types } from "node:util";
import { sameItems } from "./binary.ts";

/*
 * Finds keys that the codec would drop. JavaScript lists the keys of an array only together with its indexes, which costs
 * ten times as much as copying the array. node:util's inspect shows the other keys alone.
 */

/** The length up to which listing the keys is cheaper. */
const FEW = 12;

/** Shows only an array's length and its other keys, and calls nothing of the array. */
const KEYS_ONLY = {
  showHidden: true,
  depth: 0,
  maxArrayLength: 0,
  maxStringLength: 0,
  customInspect: false,
  showProxy: false,
  getters: false,
  sorted: false,
  colors: false,
  numericSeparator: false,
  compact: 3,
  breakLength: Number.POSITIVE_INFINITY,
} as const;

/** The text that inspect shows around the length of an array without other keys; empty if this runtime shows none. */
const [BEFORE = "", BETWEEN = "", AFTER = ""] = inspect(new Array(54_321), KEYS_ONLY).split("54321");

/** Returns true if an object has own keys, of any kind. */
export function hasKeys(value: object): boolean {
  return Object.getOwnPropertyNames(value).length > 0 || Object.getOwnPropertySymbols(value).length > 0;
}

/** Returns true if an array or a typed array has keys beside its items. Holes do not count. */
export function hasKeysBesideItems(value: readonly unknown[] | Uint8Array): boolean {
  if (Object.getOwnPropertySymbols(value).length > 0) return true;
  const { length } = value;
  if (types.isTypedArray(value)) {
    if (length <= FEW) return Object.getOwnPropertyNames(value).length > length;
    return inspect(value, KEYS_ONLY) !== inspect(sameItems(value as Uint8Array), KEYS_ONLY);
  }
  if (length <= FEW || AFTER === "" || types.isProxy(value)) {
    return Object.getOwnPropertyNames(value).length > length + 1;
  }
  return inspect(value, KEYS_ONLY) !== `${BEFORE}${length}${BETWEEN}${length}${AFTER}`;
}
