import { inspect, types } from "node:util";

/*
 * Tells whether an object has keys that the codec would drop. JavaScript lists the keys of an array only together with
 * its indexes, which costs ten times as much as copying the array; node:util's inspect looks at the others alone.
 */

/** Up to this length the keys are listed. */
const FEW = 12;

/** Shows nothing of an array but its length and its other keys, and runs nothing of the array's. */
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

/** What inspect shows of an array without other keys, around its length; empty if this runtime shows it otherwise. */
const [BEFORE = "", BETWEEN = "", AFTER = ""] = inspect(new Array(54_321), KEYS_ONLY).split("54321");

/** Tells whether an object has keys, of any kind. */
export function hasKeys(value: object): boolean {
  return Object.getOwnPropertyNames(value).length > 0 || Object.getOwnPropertySymbols(value).length > 0;
}

/** Tells whether an array or bytes have keys beside their items. Holes do not count. */
export function hasKeysBesideItems(value: readonly unknown[] | Uint8Array): boolean {
  if (Object.getOwnPropertySymbols(value).length > 0) return true;
  const { length } = value;
  if (types.isUint8Array(value)) {
    if (length <= FEW) return Object.getOwnPropertyNames(value).length > length;
    return inspect(value, KEYS_ONLY) !== inspect(sameBytes(value), KEYS_ONLY);
  }
  if (length <= FEW || AFTER === "" || types.isProxy(value)) {
    return Object.getOwnPropertyNames(value).length > length + 1;
  }
  return inspect(value, KEYS_ONLY) !== `${BEFORE}${length}${BETWEEN}${length}${AFTER}`;
}

function sameBytes(bytes: Uint8Array): Uint8Array {
  const { buffer, byteOffset, byteLength } = bytes;
  return Buffer.isBuffer(bytes)
    ? Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength)
    : new Uint8Array(buffer, byteOffset, byteLength);
}
