import { isWorkflowError, WorkflowError } from "../errors.ts";

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

/** Where a value is in the context: the keys and indexes that lead to it. */
export type Path = readonly (string | number)[];

/** The deepest nesting that a checkpoint keeps, in levels. */
const MAX_DEPTH = 1_000;

const TAG = "$type";
const BUILT_IN = ["undefined", "number", "bigint", "Date", "Map", "Set", "Uint8Array", "Buffer", "Object"] as const;

/**
 * Values ⇄ JSON text that a person can read. The sole owner of how a single value is written.
 *
 * - JSON is written as it is. Anything else is an object `{ "$type": name, "value": … }`; a plain object that has a key
 *   `$type` of its own is wrapped the same way, so that the two are never confused.
 * - Kept exactly: JSON, `undefined`, Date (also invalid), Map, Set, bigint, Uint8Array, Buffer, NaN, ±Infinity, -0, any
 *   string (lone surrogates and U+0000 are escaped by JSON itself), any key. Objects come back with the usual prototype.
 * - Refused with their path: functions, symbols, cycles, instances of other classes, holes in arrays, symbol keys.
 */
export class Codec {
  readonly #types: ReadonlyMap<string, CodecType>;

  constructor(options: CodecOptions = {}) {
    const types = new Map<string, CodecType>();
    for (const type of options.types ?? []) {
      if (typeof type?.name !== "string" || type.name === "" || types.has(type.name) || isBuiltIn(type.name)) {
        throw new WorkflowError("INVALID_ARGUMENT", `codec.types: "${type?.name}" is empty, taken or reserved.`);
      }
      types.set(type.name, type);
    }
    this.#types = types;
  }

  /**
   * Writes a value as JSON text.
   *
   * @throws {WorkflowError} STATE_NOT_SERIALIZABLE, with `details.path`
   */
  encode(value: unknown, path: Path = []): string {
    const json = this.#toJson(value, [...path]);
    try {
      return JSON.stringify(json);
    } catch (cause) {
      throw new WorkflowError("STATE_NOT_SERIALIZABLE", `${formatPath(path)} is too large for one text.`, { cause });
    }
  }

  /**
   * Reads a value back, deeply frozen but for the instances in it.
   *
   * @throws {WorkflowError} STATE_CORRUPT, STATE_TYPE_UNKNOWN
   */
  decode(text: string): unknown {
    try {
      return this.revive(JSON.parse(text));
    } catch (cause) {
      if (isWorkflowError(cause)) throw cause;
      throw new WorkflowError("STATE_CORRUPT", "A stored value cannot be read back.", { cause });
    }
  }

  /** Turns parsed JSON, which it takes over and changes, into the value it stands for. @throws as {@link decode} */
  revive(json: unknown): unknown {
    if (typeof json !== "object" || json === null) return json;
    if (Array.isArray(json)) {
      for (let i = 0; i < json.length; i++) {
        const item = json[i];
        if (typeof item === "object" && item !== null) json[i] = this.revive(item);
      }
      return Object.freeze(json);
    }
    if (Object.hasOwn(json, TAG)) return this.#untag(json as { [TAG]: unknown; value?: unknown });
    return this.#reviveObject(json as Record<string, unknown>);
  }

  #reviveObject(json: Record<string, unknown>): unknown {
    for (const key of Object.keys(json)) {
      const item = json[key];
      if (typeof item === "object" && item !== null) setOwn(json, key, this.revive(item));
    }
    return Object.freeze(json);
  }

  #untag(tagged: { [TAG]: unknown; value?: unknown }): unknown {
    const { [TAG]: name, value } = tagged;
    switch (name) {
      case "undefined":
        return undefined;
      case "number":
        return Number(value);
      case "bigint":
        return BigInt(value as string);
      case "Date":
        return new Date(value === null ? Number.NaN : (value as string));
      case "Map":
        return new Map((value as [unknown, unknown][]).map(([k, v]) => [this.revive(k), this.revive(v)]));
      case "Set":
        return new Set((value as unknown[]).map((each) => this.revive(each)));
      case "Uint8Array":
        return new Uint8Array(Buffer.from(value as string, "base64"));
      case "Buffer":
        return Buffer.from(value as string, "base64");
      case "Object":
        return this.#reviveObject(value as Record<string, unknown>);
    }
    const type = this.#types.get(name as string);
    if (type === undefined) {
      throw new WorkflowError(
        "STATE_TYPE_UNKNOWN",
        `The stored state holds a "${String(name)}", which this engine does not know. Add it to codec.types.`,
        { details: { type: name } },
      );
    }
    return type.decode(this.revive(value));
  }

  /** The JSON tree for a value: the value itself where it is JSON already. `path` is where it is, and is kept current. */
  #toJson(value: unknown, path: (string | number)[]): unknown {
    switch (typeof value) {
      case "string":
      case "boolean":
        return value;
      case "number":
        return Number.isFinite(value) && !Object.is(value, -0) ? value : tag("number", numberName(value));
      case "undefined":
        return tag("undefined");
      case "bigint":
        return tag("bigint", String(value));
      case "object":
        if (value === null) return null;
        if (path.length > MAX_DEPTH) throw tooDeep(path);
        if (isArray(value)) return this.#arrayToJson(value, path);
        if (isPlain(value)) return this.#objectToJson(value, path);
        return this.#instanceToJson(value, path);
      default:
        return this.#customToJson(value, path);
    }
  }

  #arrayToJson(value: readonly unknown[], path: (string | number)[]): unknown {
    let copy: unknown[] | undefined;
    for (let i = 0; i < value.length; i++) {
      const item = value[i];
      if (item === undefined && !Object.hasOwn(value, i)) throw notSerializable([...path, i], "a hole in an array");
      path.push(i);
      const json = this.#toJson(item, path);
      path.pop();
      if (json !== item && copy === undefined) copy = value.slice(0, i);
      copy?.push(json);
    }
    if (Object.keys(value).length !== value.length) throw notSerializable(path, "an array with keys of its own");
    return copy ?? value;
  }

  #objectToJson(value: Record<string, unknown>, path: (string | number)[]): unknown {
    const keys = Object.keys(value);
    let copy: Record<string, unknown> | undefined;
    for (const key of keys) {
      const item = value[key];
      path.push(key);
      const json = this.#toJson(item, path);
      path.pop();
      if (json !== item && copy === undefined) copy = { ...value };
      if (copy !== undefined) setOwn(copy, key, json);
    }
    if (Object.getOwnPropertySymbols(value).length > 0) throw notSerializable(path, "an object with symbol keys");
    return Object.hasOwn(value, TAG) ? tag("Object", copy ?? value) : (copy ?? value);
  }

  #instanceToJson(value: object, path: (string | number)[]): unknown {
    switch (builtInName(value)) {
      case "Date":
        return tag("Date", Number.isNaN(Number(value)) ? null : (value as Date).toISOString());
      case "Map": {
        const entries = [...(value as Map<unknown, unknown>)];
        return tag(
          "Map",
          entries.map(([k, v], i) => [this.#toJson(k, [...path, i, "key"]), this.#toJson(v, [...path, i])]),
        );
      }
      case "Set":
        return tag(
          "Set",
          [...(value as Set<unknown>)].map((each, i) => this.#toJson(each, [...path, i])),
        );
      case "Uint8Array":
      case "Buffer": {
        const bytes = value as Uint8Array;
        const base64 = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
        return tag(builtInName(value) as string, base64);
      }
      default:
        return this.#customToJson(value, path);
    }
  }

  #customToJson(value: unknown, path: (string | number)[]): unknown {
    for (const type of this.#types.values()) {
      if (!type.test(value)) continue;
      path.push(`<${type.name}>`);
      const json = this.#toJson(type.encode(value), path);
      path.pop();
      return tag(type.name, json);
    }
    throw notSerializable(path, describe(value));
  }
}

/** Tells whether a value is one that `Object.freeze` does not protect: an instance of a class, a function. */
export function isInstance(value: unknown): value is object {
  if (typeof value === "function") return true;
  return typeof value === "object" && value !== null && !isArray(value) && !isPlain(value);
}

/** Tells whether a text may hold anything beside plain JSON; false is certain. */
export function isTagged(text: string): boolean {
  return text.includes(`"${TAG}"`);
}

/** Tells arrays, of any realm, from instances of their subclasses. */
export function isArray(value: object): value is readonly unknown[] {
  return Array.isArray(value) && (Object.getPrototypeOf(value) === Array.prototype || prototypeDepth(value) === 2);
}

/** Tells plain objects, of any realm, from instances of classes. */
export function isPlain(value: object): value is Record<string, unknown> {
  const prototype = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return true;
  return (
    Object.getPrototypeOf(prototype) === null &&
    Object.hasOwn(prototype, "hasOwnProperty") &&
    !(Symbol.toStringTag in value)
  );
}

/** Sets an own property, also one named `__proto__`. */
export function setOwn(target: object, key: string, value: unknown): void {
  if (key === "__proto__") {
    Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true });
  } else {
    (target as Record<string, unknown>)[key] = value;
  }
}

/** A path as people write it: `context.items[3].name`. */
function formatPath(path: Path): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === "number") return `${text}[${key}]`;
    return /^[A-Za-z_$][\w$]*$/.test(key) || key.startsWith("<") ? `${text}.${key}` : `${text}[${JSON.stringify(key)}]`;
  }, "context");
}

/** The names of built-in classes, by what the value is inside (a subclass is another class). */
function builtInName(value: object): "Date" | "Map" | "Set" | "Uint8Array" | "Buffer" | undefined {
  if (Buffer.isBuffer(value)) return "Buffer";
  const tagged = Object.prototype.toString.call(value).slice(8, -1);
  const depth = prototypeDepth(value);
  if (tagged === "Uint8Array") return depth === 3 ? tagged : undefined;
  const known = tagged === "Date" || tagged === "Map" || tagged === "Set";
  return known && depth === 2 && Object.keys(value).length === 0 ? tagged : undefined;
}

function prototypeDepth(value: object): number {
  let depth = 0;
  for (let at = Object.getPrototypeOf(value); at !== null; at = Object.getPrototypeOf(at)) depth++;
  return depth;
}

function tag(name: string, value?: unknown): object {
  return value === undefined ? { [TAG]: name } : { [TAG]: name, value };
}

function numberName(value: number): string {
  return Object.is(value, -0) ? "-0" : String(value);
}

function isBuiltIn(name: string): boolean {
  return (BUILT_IN as readonly string[]).includes(name);
}

function tooDeep(path: Path): WorkflowError {
  return notSerializable(path.slice(0, 12), `nested deeper than ${MAX_DEPTH} levels, or contains itself`);
}

function notSerializable(path: Path, what: string): WorkflowError {
  return new WorkflowError("STATE_NOT_SERIALIZABLE", `A checkpoint cannot keep ${formatPath(path)}: it is ${what}.`, {
    details: { path: [...path] },
  });
}

function describe(value: unknown): string {
  if (typeof value === "function") return "a function";
  if (typeof value === "symbol") return "a symbol";
  const name = (value as object).constructor?.name;
  return typeof name === "string" && name !== "" ? `an instance of ${name}` : "an object of an unknown class";
}
