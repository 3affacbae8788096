import { WorkflowError } from "../errors.ts";
import { quoted } from "../text.ts";
import { notSerializable, type Path } from "./not-serializable.ts";

/** Teaches the codec a class: Decimal, ObjectId, URL. */
export interface CodecType<T = unknown, Encoded = unknown> {
  /** Stored with every value; must not change once values are kept. Not one of the codec's own names. */
  name: string;
  /** Tells the class's instances; asked only about values that the codec does not know itself. */
  test: (value: unknown) => boolean;
  /** Gives any value that the codec can keep. */
  encode: (value: T) => Encoded;
  /** Must give a new, equal instance. */
  decode: (encoded: Encoded) => T;
}

/** How values become text. */
export interface CodecOptions {
  // biome-ignore lint/suspicious/noExplicitAny: each type has its own class
  types?: readonly CodecType<any, any>[];
}

/** Names that stand for what the codec knows itself. */
const RESERVED = ["undefined", "number", "bigint", "Date", "Map", "Set", "Uint8Array", "Buffer", "Object"];

/** Checks the types of a codec, and gives them by their names. @throws {WorkflowError} INVALID_ARGUMENT */
export function typesByName(options: CodecOptions): ReadonlyMap<string, CodecType> {
  const types = new Map<string, CodecType>();
  for (const type of options.types ?? []) {
    if (typeof type?.name !== "string" || type.name === "" || types.has(type.name) || RESERVED.includes(type.name)) {
      throw new WorkflowError("INVALID_ARGUMENT", `codec.types: ${quoted(type?.name)} is empty, taken or reserved.`);
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
