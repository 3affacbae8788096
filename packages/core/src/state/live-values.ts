import { types } from "node:util";
import { quoted } from "../text.ts";
import { ADJUSTMENT, isAdjustment } from "./adjustments.ts";
import { classOf } from "./built-in-classes.ts";
import { notSerializable, type Path, unreadable } from "./not-serializable.ts";
import { hasKeysBesideItems } from "./own-keys.ts";

/*
 * Values that callers and nodes hand in. They may be proxies, have accessors, hide keys or only look like another type.
 * So each container is read once, here, into a copy, and everything else works on the copy.
 */

/** Items of the longest array that is copied before it is searched for holes. */
const COPIED_AT_ONCE = 1_000_000;

/** Returns true for arrays of any realm, and false for instances of subclasses. */
export function isArray(value: object): value is readonly unknown[] {
  if (!Array.isArray(value)) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Array.prototype || classOf(prototype) === "Array";
}

/** Returns true for plain objects of any realm, and false for instances of classes. */
export function isPlain(value: object): value is Record<string, unknown> {
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null || classOf(prototype) === "Object";
}

/** Returns true for values that `Object.freeze` does not protect: instances of classes, and functions. */
export function isInstance(value: unknown): value is object {
  if (typeof value === "function") return true;
  return typeof value === "object" && value !== null && !isPlain(value) && !isArray(value);
}

/** Returns whether an object is an array, a plain object or an instance of another class. @throws {WorkflowError} STATE_NOT_SERIALIZABLE */
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

/** Returns whether a value is a plain object. @throws {WorkflowError} STATE_NOT_SERIALIZABLE */
export function isPlainObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && shapeOf(value, []) === "plain";
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
 * Reads each key of a plain object once. Copies the object only if its keys do not begin with the expected ones.
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

/** Names what a call has made that belongs elsewhere. */
function marked(value: object): string | undefined {
  if (isAdjustment(value)) return `${quoted(`${value[ADJUSTMENT]}()`)}, which only a key of patch() or merge() can be`;
  const isResult = Object.getOwnPropertySymbols(value).includes(Symbol.for("waymark.NodeResult"));
  return isResult ? "the result of patch(), route(), end() or suspend(), which only a whole result can be" : undefined;
}

/** Refuses a plain object that has more keys than were read. */
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
  if (symbols > 0) throw notSerializable(path, marked(value) ?? "an object with symbol keys");
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
    // The keys come first, because spreading calls the array's own Symbol.iterator.
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

/** The key of an object's accessor, if it has exactly one: that one threw. */
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

/** Returns true if an object without own keys still holds content: an instance whose prototype was replaced. */
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
