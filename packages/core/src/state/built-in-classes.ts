import { types } from "node:util";

/** The error classes of JavaScript. */
export const ERROR_NAMES = [
  "Error",
  "AggregateError",
  "EvalError",
  "RangeError",
  "ReferenceError",
  "SyntaxError",
  "TypeError",
  "URIError",
] as const;

/** The classes of typed arrays. Float16Array is younger than the oldest runtime that this package supports. */
export const TYPED_ARRAY_NAMES = [
  "Int8Array",
  "Uint8Array",
  "Uint8ClampedArray",
  "Int16Array",
  "Uint16Array",
  "Int32Array",
  "Uint32Array",
  "Float16Array",
  "Float32Array",
  "Float64Array",
  "BigInt64Array",
  "BigUint64Array",
] as const;

export type ErrorName = (typeof ERROR_NAMES)[number];

/** The classes that are recognised in every realm: JavaScript itself has them. */
const OF_ANY_REALM: readonly string[] = [
  "Object",
  "Array",
  "Date",
  "Map",
  "Set",
  "RegExp",
  "ArrayBuffer",
  "DataView",
  ...TYPED_ARRAY_NAMES,
  ...ERROR_NAMES,
];

/** The classes that are recognised in this realm only: the runtime has them. */
const OF_THIS_REALM: readonly string[] = ["Buffer", "URL"];

/** A constructor of instances. */
// biome-ignore lint/suspicious/noExplicitAny: each class has its own parameters
export type Class<T extends object = object> = new (...args: any[]) => T;

// Read once: a test or a library that replaces the globals later must not change what is stored.
const classes = new Map<string, Class>();
for (const name of [...OF_ANY_REALM, ...OF_THIS_REALM]) {
  const found = (globalThis as Record<string, unknown>)[name];
  if (typeof found === "function") classes.set(name, found as Class);
}

/** The classes of the prototypes seen so far, also of other realms (contexts of node:vm); "" for any other class. */
const classNames = new WeakMap<object, string>();
for (const [name, { prototype }] of classes) classNames.set(prototype, name);

/** Returns a built-in class of this realm; undefined if this runtime does not have it. */
export function classNamed(name: string): Class | undefined {
  return classes.get(name);
}

/** Returns true if the codec knows a built-in class of that name. */
export function isBuiltInName(name: string): boolean {
  return OF_ANY_REALM.includes(name) || OF_THIS_REALM.includes(name);
}

/** Returns the name of the built-in class that a prototype belongs to; undefined or "" if the codec does not know it. */
export function classOf(prototype: object | null): string | undefined {
  if (prototype === null) return undefined;
  let name = classNames.get(prototype);
  if (name === undefined) {
    name = foreignClassOf(prototype);
    classNames.set(prototype, name);
  }
  return name;
}

/** Returns the class that a prototype of another realm belongs to; "" for every other prototype. */
function foreignClassOf(prototype: object): string {
  if (types.isProxy(prototype)) return "";
  const owner: unknown = Object.getOwnPropertyDescriptor(prototype, "constructor")?.value;
  if (typeof owner !== "function" || types.isProxy(owner) || owner.prototype !== prototype) return "";
  const code = Function.prototype.toString.call(owner);
  return OF_ANY_REALM.find((name) => code === `function ${name}() { [native code] }`) ?? "";
}
