import { WorkflowError } from "../errors.ts";
import { kindOf } from "../given.ts";
import { quoted } from "../text.ts";
import { notSerializable, type Path } from "./not-serializable.ts";

/**
 * Teaches the codec a class, such as Decimal, ObjectId or an error class of your own.
 *
 * - A type is asked before the codec keeps a typed array, ArrayBuffer, DataView, URL, RegExp or built-in error itself.
 * - A type named after one of those classes replaces the codec's own way of keeping that class.
 */
export interface CodecType<T = unknown, Encoded = unknown> {
  /**
   * The name that is stored with every value. It must not change once values are stored.
   *
   * Refused with INVALID_ARGUMENT: an empty name, one that another type has, and `undefined`, `number`, `bigint`, `Date`,
   * `Map`, `Set`, `Uint8Array`, `Buffer` and `Object`.
   */
  name: string;
  /** Returns true for the instances of the class. Not called for JSON, Date, Map, Set, Uint8Array or Buffer. */
  test: (value: unknown) => boolean;
  /** Returns a value that the codec can keep. */
  encode: (value: T) => Encoded;
  /** Returns a new instance that equals the encoded one. */
  decode: (encoded: Encoded) => T;
}

/**
 * The classes that the codec keeps beside its own.
 *
 * @see https://github.com/waymark-dev/waymark/blob/main/docs/context.md#classes-of-your-own
 */
export interface CodecOptions {
  // biome-ignore lint/suspicious/noExplicitAny: each type has its own class
  types?: readonly CodecType<any, any>[];
}

/**
 * The names of what the codec always keeps itself.
 *
 * The other built-in classes are not reserved: a type of that name may have stored values before the codec knew the class.
 */
const RESERVED = ["undefined", "number", "bigint", "Date", "Map", "Set", "Uint8Array", "Buffer", "Object"];

/** Checks the types of a codec, and returns them by name. @throws {WorkflowError} INVALID_ARGUMENT */
export function typesByName(options: CodecOptions): ReadonlyMap<string, CodecType> {
  const types = new Map<string, CodecType>();
  for (const type of options.types ?? []) {
    const name: unknown = type?.name;
    // A class has a name, too.
    if (typeof type !== "object" || typeof name !== "string" || name === "") {
      const problem = typeof type === "object" ? "with a name" : `not ${kindOf(type)}`;
      throw new WorkflowError(
        "INVALID_ARGUMENT",
        `codec.types: each must be { name, test, encode, decode }, ${problem}.`,
      );
    }
    if (types.has(name) || RESERVED.includes(name)) {
      throw new WorkflowError("INVALID_ARGUMENT", `codec.types: the name ${quoted(name)} is taken or reserved.`);
    }
    checkMembers(type);
    types.set(type.name, type);
  }
  return types;
}

const METHODS = ["test", "encode", "decode"] as const satisfies readonly (keyof CodecType)[];
const MEMBERS: readonly string[] = ["name", ...METHODS] satisfies (keyof CodecType)[];

function checkMembers(type: CodecType): void {
  const unknown = Object.keys(type).find((name) => !MEMBERS.includes(name));
  const missing = METHODS.find((method) => typeof type[method] !== "function");
  if (unknown === undefined && missing === undefined) return;
  const problem =
    unknown === undefined ? `must have a function ${missing}()` : `has an unknown member ${quoted(unknown)}`;
  throw new WorkflowError("INVALID_ARGUMENT", `codec.types: ${quoted(type.name)} ${problem}.`);
}

/** Calls a function of a type. @throws {WorkflowError} STATE_NOT_SERIALIZABLE, naming the type, if it throws */
export function callType(type: CodecType, method: "test" | "encode", value: unknown, path: Path): unknown {
  let result: unknown;
  try {
    result = type[method](value);
  } catch (cause) {
    throw notSerializable(path, `a value for which ${method}() of the codec type ${quoted(type.name)} throws`, cause);
  }
  if (method === "encode" || typeof result !== "object" || result === null) return result;
  throw notSerializable(path, `a value for which test() of the codec type ${quoted(type.name)} returns an object`);
}
