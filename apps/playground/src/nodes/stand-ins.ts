/** A value that can be copied to another process. */
export interface Packed<Value> {
  value: Value;
  /** Objects in `value` that stand for what cannot be copied: instances of classes, functions, symbols. */
  standIns: object[];
  /** What they stand for, in the same order. */
  originals: unknown[];
}

/**
 * Makes a value fit for structured clone, which takes a class from its instances and refuses functions.
 *
 * - A plain value is returned as it is. Otherwise a copy, in which a plain object with the same own fields stands for
 *   each instance, and an empty one for a function or a symbol. {@link unpack} puts the originals back.
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

/** Puts the originals back in the place of their stand-ins. */
export function unpack(value: unknown, originals: ReadonlyMap<object, unknown>): unknown {
  if (originals.size === 0 || typeof value !== "object" || value === null) return value;
  if (originals.has(value)) return originals.get(value);
  if (Array.isArray(value)) return value.map((item) => unpack(item, originals));
  if (!hasPlainPrototype(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, unpack(item, originals)]));
}

/** Whether nothing in a value needs a stand-in. Walks without recursion: contexts can be deep. */
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

/** Whether structured clone makes an equal copy of it, and it holds nothing else. */
function isCopied(value: unknown): boolean {
  if (typeof value === "object" && value !== null) return Object.getPrototypeOf(value) === Date.prototype;
  return typeof value !== "function" && typeof value !== "symbol";
}

function hasPlainPrototype(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
