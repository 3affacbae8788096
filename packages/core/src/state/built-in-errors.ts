import { types } from "node:util";
import { quoted } from "../text.ts";
import { type Class, classNamed, classOf, ERROR_NAMES, type ErrorName } from "./built-in-classes.ts";
import { isPlain } from "./live-values.ts";
import { notSerializable, type Path, unreadable } from "./not-serializable.ts";
import { setOwn } from "./set-own.ts";

/** The content of an instance: the properties that its class defines, and the fields that were added to it. */
export interface InstanceParts {
  own: Record<string, unknown>;
  fields?: Record<string, unknown> | undefined;
}

/** The properties that errors may have without being enumerable. */
const HIDDEN_KEYS = ["stack", "message", "cause", "errors", "name"];

/** Returns true for genuine errors of the built-in classes, of any realm, and false for instances of subclasses. */
export function isError(value: unknown): value is Error {
  return types.isNativeError(value) && isErrorName(classOf(Object.getPrototypeOf(value)));
}

/** Returns true for the name of a built-in error class. */
export function isErrorName(name: unknown): name is ErrorName {
  return ERROR_NAMES.some((each) => each === name);
}

/**
 * Reads each of an error's properties once.
 *
 * @throws {WorkflowError} STATE_NOT_SERIALIZABLE for other hidden keys than those of all errors, and for symbols
 */
export function readError(error: object, path: Path): InstanceParts {
  const parts: InstanceParts = { own: {} };
  for (const key of Reflect.ownKeys(error)) {
    if (typeof key === "symbol") throw notSerializable(path, "an error with symbol keys");
    const isEnumerable = Object.prototype.propertyIsEnumerable.call(error, key);
    if (!isEnumerable && !HIDDEN_KEYS.includes(key)) {
      throw notSerializable(path, `an error with a key ${quoted(key)} that is not enumerable`);
    }
    if (isEnumerable) parts.fields ??= {};
    setOwn(isEnumerable ? (parts.fields as object) : parts.own, key, read(error, key, path));
  }
  return parts;
}

function read(error: object, key: string, path: Path): unknown {
  try {
    return (error as Record<string, unknown>)[key];
  } catch (cause) {
    throw unreadable([...path, key], cause);
  }
}

/** Makes an error without own properties, not even a stack. */
export function emptyError(name: ErrorName): object {
  const error = new (classNamed(name) as Class)([]);
  for (const key of Reflect.ownKeys(error)) Reflect.deleteProperty(error, key);
  return error;
}

/** Defines the properties that were read from another error, each with the value that `map` returns. */
export function fillError(error: object, parts: InstanceParts, map = (value: unknown) => value): object {
  const define = (from: Readonly<Record<string, unknown>>, enumerable: boolean) => {
    for (const key of Object.keys(from)) {
      Object.defineProperty(error, key, { value: map(from[key]), enumerable, writable: true, configurable: true });
    }
  };
  define(parts.own, false);
  define(parts.fields ?? {}, true);
  return error;
}

/** Returns the parts of a stored error; undefined if {@link readError} cannot have read them. */
export function errorPartsFrom(stored: Readonly<Record<string, unknown>>): InstanceParts | undefined {
  const { fields, ...own } = stored;
  if (!Object.keys(own).every((key) => HIDDEN_KEYS.includes(key))) return undefined;
  if (!Object.hasOwn(stored, "fields")) return { own };
  if (typeof fields !== "object" || fields === null || !isPlain(fields)) return undefined;
  return Object.keys(own).some((key) => Object.hasOwn(fields, key)) ? undefined : { own, fields };
}
