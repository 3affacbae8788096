/** A value that can be copied to another process. */
export interface Packed<Value> {
  value: Value;
  /** Stand-ins in `value` for what cannot be copied: instances of classes, functions, symbols. */
  standIns: object[];
  /** The originals, in the same order. */
  originals: unknown[];
}

/**
 * Prepares a value for structured clone, which strips the class from instances and refuses functions.
 *
 * - A plain value is returned as it is. Otherwise the result is a copy: each instance is replaced by a plain object with
 *   the same own fields, each function or symbol by an empty object. {@link unpack} restores the originals.
 */
export function pack<Value>(value: Value): Packed<Value> {
  if (isPlain(value)) return { value, standIns: [], originals: [] };
  const standIns: object[] = [];
  const originals: unknown[] = [];
  const copies = new Map<unknown, unknown>();
  const copyFields = (from: object, to: Record<string, unknown>) => {
    for (const [key, item] of Object.entries(from)) {
      Object.defineProperty(to, key, { value: copy(item), writable: true, enumerable: true, configurable: true });
    }
    return to;
  };
  const copy = (item: unknown): unknown => {
    if (isCopied(item)) return item;
    if (copies.has(item)) return copies.get(item);
    if (Array.isArray(item)) {
      const list: unknown[] = [];
      copies.set(item, list);
      for (const each of item) list.push(copy(each));
      return list;
    }
    const object: Record<string, unknown> = {};
    copies.set(item, object);
    if (typeof item === "object" && item !== null && hasPlainPrototype(item)) return copyFields(item, object);
    standIns.push(object);
    originals.push(item);
    if (typeof item !== "object" || item === null || ArrayBuffer.isView(item)) return object;
    if (item instanceof Error) Object.assign(object, { name: item.name, message: item.message });
    return copyFields(item, object);
  };
  return { value: copy(value) as Value, standIns, originals };
}

/** Replaces stand-ins by their originals. */
export function unpack(value: unknown, originals: ReadonlyMap<object, unknown>): unknown {
  if (originals.size === 0 || typeof value !== "object" || value === null) return value;
  if (originals.has(value)) return originals.get(value);
  if (Array.isArray(value)) return value.map((item) => unpack(item, originals));
  if (!hasPlainPrototype(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, unpack(item, originals)]));
}

/** Returns true if nothing in a value needs a stand-in. It does not recurse, because contexts can be deep. */
function isPlain(value: unknown): boolean {
  const seen = new Set<object>();
  const left = [value];
  while (left.length > 0) {
    const item = left.pop();
    if (isCopied(item)) continue;
    if (typeof item !== "object" || item === null) return false;
    if (seen.has(item)) continue;
    seen.add(item);
    if (!Array.isArray(item) && !hasPlainPrototype(item)) return false;
    for (const each of Object.values(item)) left.push(each);
  }
  return true;
}

/** Returns true for a value without children that structured clone copies exactly. */
function isCopied(value: unknown): boolean {
  if (typeof value === "object" && value !== null) return Object.getPrototypeOf(value) === Date.prototype;
  return typeof value !== "function" && typeof value !== "symbol";
}

function hasPlainPrototype(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
