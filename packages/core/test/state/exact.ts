import { deepStrictEqual } from "node:assert";

/** Fails unless two values are the same to the last detail: types, prototypes, -0, order of keys, own `__proto__`. */
export function assertExact(actual: unknown, expected: unknown): void {
  deepStrictEqual(outline(actual), outline(expected));
}

/** A value as nested lists in which nothing can hide. */
function outline(value: unknown): unknown {
  if (typeof value === "number") return ["number", Object.is(value, -0) ? "-0" : String(value)];
  if (typeof value !== "object" || value === null) return [typeof value, value];
  if (Array.isArray(value)) return ["array", value.map(outline)];
  if (Buffer.isBuffer(value)) return ["Buffer", value.toString("hex")];
  if (ArrayBuffer.isView(value)) {
    const { buffer, byteOffset, byteLength } = value;
    return [classOf(value), Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength).toString("hex")];
  }
  if (value instanceof ArrayBuffer) return ["ArrayBuffer", Buffer.from(value).toString("hex")];
  if (value instanceof URL) return ["URL", value.href, value.host, value.pathname, value.search, value.hash];
  if (value instanceof RegExp) return ["RegExp", value.source, value.flags, outline(value.lastIndex)];
  if (value instanceof Error) return [classOf(value), propertiesOf(value, false), propertiesOf(value, true)];
  if (value instanceof Date) return ["Date", String(value.getTime())];
  if (value instanceof Map) return ["Map", [...value].map(([k, v]) => [outline(k), outline(v)])];
  if (value instanceof Set) return ["Set", [...value].map(outline)];
  return [
    Object.getPrototypeOf(value) === Object.prototype ? "object" : "instance",
    Object.keys(value).map((key) => [key, outline((value as Record<string, unknown>)[key])]),
  ];
}

/** The class of an instance; that of a subclass is another one. */
function classOf(value: object): unknown {
  return Object.getPrototypeOf(value).constructor;
}

function propertiesOf(value: object, enumerable: boolean): unknown[] {
  return Reflect.ownKeys(value)
    .filter((key) => Object.prototype.propertyIsEnumerable.call(value, key) === enumerable)
    .map((key) => [key, outline((value as Record<PropertyKey, unknown>)[key])]);
}
