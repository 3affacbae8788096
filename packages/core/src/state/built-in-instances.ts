import { types } from "node:util";
import { cleanText } from "../text.ts";
import { binaryClassOf, fromBase64, isOwnMemory, isTypedArray, toBase64 } from "./binary.ts";
import { classOf, isBuiltInName } from "./built-in-classes.ts";
import {
  emptyError,
  errorPartsFrom,
  fillError,
  type InstanceParts,
  isErrorName,
  readError,
} from "./built-in-errors.ts";
import { isPlain } from "./live-values.ts";
import { notSerializable, type Path, unreadable } from "./not-serializable.ts";
import { hasKeys, hasKeysBesideItems } from "./own-keys.ts";

/*
 * Instances of built-in classes ⇄ what the codec writes of them:
 *
 *   typed arrays, DataView, ArrayBuffer   "base64"
 *   URL                                   "href"
 *   RegExp                                { source, flags, lastIndex }      lastIndex is absent if it is 0
 *   Error and its built-in subclasses     { stack, message, cause, …, fields: { code, … } }
 *
 * An error has only its own properties there. `fields` holds the enumerable ones; it is absent if there are none.
 */

// Read once: a test or a library that replaces the globals later must not change what is stored.
const SystemUrl = URL;
const SystemRegExp = RegExp;
const hrefOf = getterOf(URL.prototype, "href");
const sourceOf = getterOf(RegExp.prototype, "source");
const flagsOf = getterOf(RegExp.prototype, "flags");

/**
 * Returns the name of an instance's built-in class, if it is genuine, not of a subclass, and has no keys beside its content.
 *
 * - The keys of errors are checked by {@link readContent}.
 *
 * @throws {WorkflowError} STATE_NOT_SERIALIZABLE if looking at the instance throws
 */
export function builtInOf(value: object, path: Path): string | undefined {
  try {
    const name = classOf(Object.getPrototypeOf(value));
    return name !== undefined && isGenuine(value, name) ? name : undefined;
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

function isGenuine(value: object, name: string): boolean {
  switch (name) {
    case "":
    case "Object":
    case "Array":
      return false;
    case "Date":
      return types.isDate(value) && !hasKeys(value);
    case "Map":
      return types.isMap(value) && !hasKeys(value);
    case "Set":
      return types.isSet(value) && !hasKeys(value);
    case "URL":
      return isUrl(value) && !hasKeys(value);
    case "RegExp":
      return types.isRegExp(value) && typeof value.lastIndex === "number" && Reflect.ownKeys(value).length === 1;
    case "ArrayBuffer":
      return types.isArrayBuffer(value) && isOwnMemory(value) && !hasKeys(value);
    case "DataView":
      return types.isDataView(value) && isOwnMemory(value) && !hasKeys(value);
    default:
      if (isErrorName(name)) return types.isNativeError(value);
      return (
        isTypedArray(value, name === "Buffer" ? "Uint8Array" : name) && isOwnMemory(value) && !hasKeysBesideItems(value)
      );
  }
}

function isUrl(value: object): boolean {
  try {
    return typeof hrefOf.call(value) === "string";
  } catch {
    return false;
  }
}

/** Describes a value that cannot be kept, for a message. */
export function describe(value: unknown): string {
  if (typeof value === "function") return "a function";
  if (typeof value !== "object" || value === null) return `a ${typeof value}`;
  const name = classNameOf(value);
  if (name === undefined) return "an object of an unknown class";
  if (types.isProxy(value)) return `a proxy of an instance of ${name}`;
  if ((ArrayBuffer.isView(value) || types.isArrayBuffer(value)) && !isOwnMemory(value)) {
    return `an instance of ${name} in shared, detached or resizable memory`;
  }
  return isBuiltInName(name)
    ? `an instance of ${name} that is not a genuine one, or has keys of its own`
    : `an instance of ${name} ${types.isPromise(value) ? "(await it)" : "(keep plain data, or name its class in codec.types)"}`;
}

function classNameOf(value: object): string | undefined {
  try {
    const name: unknown = value.constructor?.name;
    return typeof name === "string" && name !== "" ? cleanText(name, 80) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Reads the content of a genuine instance: a text, or parts that are values themselves.
 *
 * @throws {WorkflowError} STATE_NOT_SERIALIZABLE
 */
export function readContent(value: object, name: string, path: Path): string | InstanceParts {
  if (isErrorName(name)) return readError(value, path);
  if (name === "URL") return readUrl(value, path);
  return name === "RegExp" ? readRegExp(value as RegExp) : toBase64(value as ArrayBuffer);
}

function readUrl(url: object, path: Path): string {
  const href = hrefOf.call(url) as string;
  // Some setters of Node.js leave a URL behind whose text cannot be parsed.
  if (SystemUrl.canParse(href)) return href;
  throw notSerializable(path, "a URL whose text cannot be read back");
}

function readRegExp(regExp: RegExp): InstanceParts {
  const { lastIndex } = regExp;
  const source = sourceOf.call(regExp);
  return { own: { source, flags: flagsOf.call(regExp), ...(Object.is(lastIndex, 0) ? {} : { lastIndex }) } };
}

/** Makes an instance from its stored content, decoded. It throws if the content does not fit. */
export type InstanceMaker = (content: unknown) => object;

/** Returns the maker for a class that {@link readContent} can read; undefined if this runtime does not have it. */
export function makerOf(name: unknown): InstanceMaker | undefined {
  if (name === "URL") return urlFrom;
  if (name === "RegExp") return regExpFrom;
  if (isErrorName(name)) return (content) => fillError(emptyError(name), errorPartsFrom(plain(content)) ?? unfit());
  const binaryClass = binaryClassOf(name);
  return binaryClass === undefined ? undefined : (content) => fromBase64(binaryClass, text(content));
}

function urlFrom(content: unknown): object {
  return new SystemUrl(text(content));
}

function regExpFrom(content: unknown): object {
  const { source, flags, lastIndex = 0, ...others } = plain(content);
  if (typeof lastIndex !== "number" || Object.keys(others).length > 0) unfit();
  const regExp = new SystemRegExp(text(source), text(flags));
  regExp.lastIndex = lastIndex;
  return regExp;
}

function text(content: unknown): string {
  return typeof content === "string" ? content : unfit();
}

function plain(content: unknown): Record<string, unknown> {
  return typeof content === "object" && content !== null && isPlain(content) ? content : unfit();
}

function unfit(): never {
  throw new TypeError("The stored content does not fit its class.");
}

function getterOf(prototype: object, key: PropertyKey): () => unknown {
  return Object.getOwnPropertyDescriptor(prototype, key)?.get as () => unknown;
}
