import { types } from "node:util";
import { messageOf } from "../errors.ts";
import { cleanText } from "../text.ts";
import { notSerializable, type Path } from "./not-serializable.ts";
import { hasKeys, hasKeysBesideItems } from "./own-keys.ts";

/*
 * Values that callers and nodes hand in. They may be proxies, have accessors, hide keys or only claim to be what they
 * look like. So each container is read once, here, into a copy, and everything else works on the copy.
 */

/** The built-in classes whose instances the codec keeps. */
export type BuiltIn = "Date" | "Map" | "Set" | "Uint8Array" | "Buffer";

/** The longest array that is copied before it was looked through for holes, in items. */
const COPIED_AT_ONCE = 1_000_000;

/** The classes of prototypes that were looked at, also those of other realms (contexts of node:vm); "" is none of these. */
const classNames = new WeakMap<object, string>([
  [Object.prototype, "Object"],
  [Array.prototype, "Array"],
  [Date.prototype, "Date"],
  [Map.prototype, "Map"],
  [Set.prototype, "Set"],
  [Uint8Array.prototype, "Uint8Array"],
  [Buffer.prototype, "Buffer"],
]);
const OF_ANY_REALM = ["Object", "Array", "Date", "Map", "Set", "Uint8Array"];

/** Tells arrays, of any realm, from instances of their subclasses. */
export function isArray(value: object): value is readonly unknown[] {
  if (!Array.isArray(value)) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Array.prototype || classOf(prototype) === "Array";
}

/** Tells plain objects, of any realm, from instances of classes. */
export function isPlain(value: object): value is Record<string, unknown> {
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null || classOf(prototype) === "Object";
}

/** Tells whether a value is one that `Object.freeze` does not protect: an instance of a class, a function. */
export function isInstance(value: unknown): value is object {
  if (typeof value === "function") return true;
  return typeof value === "object" && value !== null && !isPlain(value) && !isArray(value);
}

/** Tells lists, plain objects and all others apart. @throws {WorkflowError} STATE_NOT_SERIALIZABLE */
export function shapeOf(value: object, path: Path): "array" | "plain" | "instance" {
  try {
    const prototype = Object.getPrototypeOf(value);
    if (prototype === Object.prototype) return "plain";
    if (Array.isArray(value)) return isArray(value) ? "array" : "instance";
    return isPlain(value) ? "plain" : "instance";
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

/**
 * Copies a plain object, reading each of its keys once.
 *
 * @throws {WorkflowError} STATE_NOT_SERIALIZABLE for keys that are symbols or not enumerable, and if reading throws
 */
export function readPlain(value: Readonly<Record<string, unknown>>, path: Path): Record<string, unknown> {
  let copy: Record<string, unknown>;
  try {
    copy = { ...value };
  } catch (cause) {
    throw unreadable([...path, ...onlyAccessor(value)], cause);
  }
  refuseOtherKeys(value, Object.keys(copy).length, path);
  return copy;
}

/** The keys of a plain object and their values. */
export interface Entries {
  keys: string[];
  values: unknown[];
  /** A copy of the object; absent if its keys begin with the expected ones. */
  copy?: Record<string, unknown>;
}

/**
 * Reads a plain object, each of its keys once; copies it only if its keys do not begin with those that are expected.
 *
 * @throws as {@link readPlain}
 */
export function readEntries(value: Readonly<Record<string, unknown>>, expected: string[], path: Path): Entries {
  const values: unknown[] = [];
  let keys: string[] = [];
  let isExpected = false;
  try {
    keys = Object.keys(value);
    isExpected = beginsWith(keys, expected);
    if (isExpected) for (const key of keys) values.push(value[key]);
  } catch (cause) {
    throw unreadable([...path, ...keys.slice(values.length, values.length + 1)], cause);
  }
  if (!isExpected) {
    const copy = readPlain(value, path);
    return { keys: Object.keys(copy), values: Object.values(copy), copy };
  }
  refuseOtherKeys(value, keys.length, path);
  return { keys, values };
}

function beginsWith(keys: readonly string[], expected: readonly string[]): boolean {
  for (let i = 0; i < expected.length; i++) if (keys[i] !== expected[i]) return false;
  return true;
}

/** Refuses a plain object that has other keys than those that were read. */
function refuseOtherKeys(value: object, count: number, path: Path): void {
  let names: number;
  let symbols: number;
  let onlyLooksPlain: boolean;
  try {
    names = Object.getOwnPropertyNames(value).length;
    symbols = Object.getOwnPropertySymbols(value).length;
    onlyLooksPlain = names === 0 && isBuiltInInside(value);
  } catch (cause) {
    throw unreadable(path, cause);
  }
  if (symbols > 0) throw notSerializable(path, "an object with symbol keys");
  if (names !== count) throw notSerializable(path, "an object with keys that are not enumerable");
  if (onlyLooksPlain) throw notSerializable(path, "an object that only looks like a plain one");
}

/**
 * Copies an array, reading each of its items once.
 *
 * @throws {WorkflowError} STATE_NOT_SERIALIZABLE for holes and for keys beside the items, and if reading throws
 */
export function readItems(value: readonly unknown[], path: Path): unknown[] {
  let items: unknown[];
  let hole: number;
  try {
    // First, because spreading calls the array's own Symbol.iterator.
    items = hasKeysBesideItems(value) ? NONE : value.length <= COPIED_AT_ONCE ? [...value] : copyToHole(value);
    hole = items === NONE ? -1 : holeIn(items, value);
  } catch (cause) {
    throw unreadable(path, cause);
  }
  if (items === NONE) throw notSerializable(path, "an array with keys of its own");
  if (hole !== -1) throw notSerializable([...path, hole], "a hole in an array");
  return items;
}

const NONE: unknown[] = [];

function copyToHole(value: readonly unknown[]): unknown[] {
  const items: unknown[] = [];
  for (let i = 0; i < value.length; i++) {
    const item = value[i];
    items.push(item);
    if (item === undefined && !Object.hasOwn(value, i)) break;
  }
  return items;
}

/** The first index of a copy at which the original has no item; -1 if there is none. */
function holeIn(items: readonly unknown[], value: readonly unknown[]): number {
  let at = items.indexOf(undefined);
  while (at !== -1 && Object.hasOwn(value, at)) at = items.indexOf(undefined, at + 1);
  return at;
}

/** The built-in class of an instance, if it is a genuine one, not of a subclass, and has nothing but its content. */
export function builtInOf(value: object, path: Path): BuiltIn | undefined {
  try {
    const name = classOf(Object.getPrototypeOf(value)) as BuiltIn | undefined;
    switch (name) {
      case "Date":
        return types.isDate(value) && !hasKeys(value) ? name : undefined;
      case "Map":
        return types.isMap(value) && !hasKeys(value) ? name : undefined;
      case "Set":
        return types.isSet(value) && !hasKeys(value) ? name : undefined;
      case "Uint8Array":
      case "Buffer":
        return types.isUint8Array(value) && isOwnMemory(value) && !hasKeysBesideItems(value) ? name : undefined;
      default:
        return undefined;
    }
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

/** Tells what a value is that cannot be kept, for a message. */
export function describe(value: unknown): string {
  if (typeof value === "function") return "a function";
  if (typeof value !== "object" || value === null) return `a ${typeof value}`;
  const name = classNameOf(value);
  if (name === undefined) return "an object of an unknown class";
  if (types.isProxy(value)) return `a proxy of an instance of ${name}`;
  if (types.isUint8Array(value) && !isOwnMemory(value)) return `an instance of ${name} in shared or detached memory`;
  return OF_ANY_REALM.includes(name) || name === "Buffer"
    ? `an instance of ${name} that is not a genuine one, or has keys of its own`
    : `an instance of ${name}`;
}

function unreadable(path: Path, cause: unknown): Error {
  const message = cleanText(messageOf(cause), 200);
  return notSerializable(path, `a value that throws when it is read (${message})`, cause);
}

/** The key of the one accessor that an object has: it is what threw. */
function onlyAccessor(value: object): string[] {
  try {
    const accessors = Object.keys(value).filter(
      (key) => Object.getOwnPropertyDescriptor(value, key)?.get !== undefined,
    );
    return accessors.length === 1 ? accessors : [];
  } catch {
    return [];
  }
}

function classOf(prototype: object | null): string | undefined {
  if (prototype === null) return undefined;
  let name = classNames.get(prototype);
  if (name === undefined) {
    name = foreignClassOf(prototype);
    classNames.set(prototype, name);
  }
  return name;
}

/** The class that a prototype of another realm belongs to; "" for every other prototype. */
function foreignClassOf(prototype: object): string {
  if (types.isProxy(prototype)) return "";
  const owner: unknown = Object.getOwnPropertyDescriptor(prototype, "constructor")?.value;
  if (typeof owner !== "function" || types.isProxy(owner) || owner.prototype !== prototype) return "";
  const code = Function.prototype.toString.call(owner);
  return OF_ANY_REALM.find((name) => code === `function ${name}() { [native code] }`) ?? "";
}

function classNameOf(value: object): string | undefined {
  try {
    const name: unknown = value.constructor?.name;
    return typeof name === "string" && name !== "" ? cleanText(name, 80) : undefined;
  } catch {
    return undefined;
  }
}

/** Tells whether an object without keys of its own holds something all the same: its prototype was taken away. */
function isBuiltInInside(value: object): boolean {
  return (
    Object.prototype.toString.call(value) !== "[object Object]" ||
    types.isMap(value) ||
    types.isSet(value) ||
    types.isWeakMap(value) ||
    types.isWeakSet(value) ||
    types.isPromise(value) ||
    types.isAnyArrayBuffer(value) ||
    ArrayBuffer.isView(value)
  );
}

const typedArrayKeys = Object.getPrototypeOf(Uint8Array.prototype).keys as (this: Uint8Array) => unknown;

function isOwnMemory(bytes: Uint8Array): boolean {
  try {
    typedArrayKeys.call(bytes); // throws if the memory was detached, or shrunk below the view
    return !types.isSharedArrayBuffer(bytes.buffer);
  } catch {
    return false;
  }
}
