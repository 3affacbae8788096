import { abandonPromises } from "../abandoned-promises.ts";
import { isWorkflowError, WorkflowError } from "../errors.ts";

import { quoted } from "../text.ts";
import { builtInOf, describe, makerOf, readContent } from "./built-in-instances.ts";
import { type CodecOptions, type CodecType, callType, typesByName } from "./codec-types.ts";
import { isInstance, readItems, readPlain, shapeOf } from "./live-values.ts";
import { notSerializable, type Path } from "./not-serializable.ts";
import { setOwn } from "./set-own.ts";
import { MAX_DEPTH, TooDeep, tooDeep } from "./too-deep.ts";
import { writeJson } from "./write-json.ts";

/** A value as text, and the value that the codec reads back from that text. */
export interface TakenValue {
  text: string;
  value: unknown;
}

/** The key that marks values which JSON does not have. */
export const TAG = "$type";
const SPECIAL_NUMBERS = ["NaN", "Infinity", "-Infinity", "-0"];

// Read once: a test or a library that replaces the globals later must not change what is stored.
const SystemDate = Date;
const timeOf = Date.prototype.getTime;
const forEachEntry = Map.prototype.forEach;
const forEachItem = Set.prototype.forEach;

/**
 * Converts values to JSON text that a person can read, and back. No other file knows how a single value is written.
 *
 * - JSON is written as it is. Anything else is an object `{ "$type": name, "value": … }`; a plain object that has a key
 *   `$type` of its own is wrapped the same way, so that the two are never confused.
 * - Kept exactly: JSON, `undefined`, Date (also invalid), Map, Set, bigint, NaN, ±Infinity, -0, any string (JSON itself
 *   escapes lone surrogates and U+0000), any key, and the built-in classes of built-in-instances.ts. Objects come back
 *   with the usual prototype.
 * - Refused with their path: functions, symbols, cycles, instances of other classes, holes in arrays, keys that JSON
 *   would drop (symbols, hidden ones, keys of arrays and instances), what throws when it is read.
 * - Each property is read once, and no method of the value is called: no `toJSON`, no iterator, no accessor twice.
 */
export class Codec {
  readonly #types: ReadonlyMap<string, CodecType>;

  constructor(options: CodecOptions = {}) {
    this.#types = typesByName(options);
  }

  /**
   * Writes a value as JSON text.
   *
   * @throws {WorkflowError} STATE_NOT_SERIALIZABLE, with `details.path`
   */
  encode(value: unknown, path: Path = []): string {
    return textOf(this.#read(value, path), path);
  }

  /**
   * Reads a live value once. Returns its text, and the value that {@link decode} returns for that text.
   *
   * @throws {WorkflowError} STATE_NOT_SERIALIZABLE, with `details.path`; also if a type cannot decode what it encoded
   */
  take(value: unknown, path: Path): TakenValue {
    const json = this.#read(value, path);
    const text = textOf(json, path);
    if (typeof json !== "object") return { text, value: json };
    try {
      return { text, value: this.revive(json) };
    } catch (cause) {
      throw notSerializable(path, "a value that cannot be read back", cause);
    }
  }

  /**
   * Reads a value back. It is deeply frozen, except for the instances in it.
   *
   * @throws {WorkflowError} STATE_CORRUPT, STATE_TYPE_UNKNOWN
   */
  decode(text: string): unknown {
    try {
      return this.revive(JSON.parse(text));
    } catch (cause) {
      if (isWorkflowError(cause)) throw cause;
      throw unreadableText(undefined, cause);
    }
  }

  /** Returns true if one of `codec.types` accepts the value. Only for values that the codec asks its types about. */
  hasTypeFor(value: unknown): boolean {
    return this.#typeFor(value, []) !== undefined;
  }

  /** Returns the value that parsed JSON stands for. It changes and reuses that JSON. @throws as {@link decode} */
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
        if (SPECIAL_NUMBERS.includes(value as string)) return Number(value);
        break;
      case "bigint":
        if (typeof value === "string" && /^-?\d+$/.test(value)) return BigInt(value);
        break;
      case "Date": {
        const date = new SystemDate(typeof value === "string" ? value : Number.NaN);
        if (value === null || !Number.isNaN(timeOf.call(date))) return date;
        break;
      }
      case "Map":
        if (!Array.isArray(value) || !value.every((entry) => Array.isArray(entry) && entry.length === 2)) break;
        return new Map(value.map(([k, v]) => [this.revive(k), this.revive(v)]));
      case "Set":
        if (!Array.isArray(value)) break;
        return new Set(value.map((each) => this.revive(each)));
      case "Uint8Array":
        if (typeof value === "string") return new Uint8Array(Buffer.from(value, "base64"));
        break;
      case "Buffer":
        if (typeof value === "string") return Buffer.from(value, "base64");
        break;
      case "Object":
        if (typeof value === "object" && value !== null) return this.#reviveObject(value as Record<string, unknown>);
        break;
      default:
        return this.#untagInstance(name, value);
    }
    throw unreadableText(name);
  }

  #untagInstance(name: unknown, encoded: unknown): unknown {
    const type = this.#types.get(name as string);
    if (type !== undefined) return this.#untagCustom(type, encoded);
    const make = makerOf(name);
    if (make === undefined) {
      throw new WorkflowError(
        "STATE_TYPE_UNKNOWN",
        `The stored state holds a ${quoted(name)}, which this engine does not know. Add it to codec.types.`,
        { details: { type: name } },
      );
    }
    const content = this.revive(encoded);
    try {
      return make(content);
    } catch (cause) {
      throw unreadableText(name, cause);
    }
  }

  #untagCustom(type: CodecType, encoded: unknown): unknown {
    const value = this.revive(encoded);
    let decoded: unknown;
    try {
      decoded = type.decode(value);
    } catch (cause) {
      throw unreadableText(type.name, cause);
    }
    // Only instances are copied before they are handed out. So anything else must be frozen and shared with nobody.
    return typeof decoded === "object" && decoded !== null && !isInstance(decoded)
      ? this.take(decoded, []).value
      : decoded;
  }

  /** Returns the JSON tree for a live value, or says where it contains itself. */
  #read(value: unknown, path: Path): unknown {
    if (typeof value === "string") return value;
    try {
      return this.#toJson(value, [...path]);
    } catch (error) {
      abandonPromises(value);
      throw error instanceof TooDeep ? tooDeep(value, path, error.path) : error;
    }
  }

  /** Returns the JSON tree for a live value, in new containers. `path` is where the value is; it is changed meanwhile. */
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
        if (path.length > MAX_DEPTH) throw new TooDeep(path);
        switch (shapeOf(value, path)) {
          case "array":
            return this.#itemsToJson(readItems(value as unknown[], path), path);
          case "plain":
            return this.#objectToJson(readPlain(value as Record<string, unknown>, path), path);
        }
        return this.#instanceToJson(value, path);
      default:
        return this.#customToJson(value, path);
    }
  }

  /** Turns the items into JSON, in place. The list must belong to the codec. */
  #itemsToJson(items: unknown[], path: (string | number)[]): unknown[] {
    for (let i = 0; i < items.length; i++) {
      const item = items[i];
      if (typeof item === "string" || typeof item === "boolean") continue;
      path.push(i);
      items[i] = this.#toJson(item, path);
      path.pop();
    }
    return items;
  }

  #objectToJson(copy: Record<string, unknown>, path: (string | number)[]): unknown {
    for (const key of Object.keys(copy)) {
      const item = copy[key];
      if (typeof item === "string" || typeof item === "boolean") continue;
      path.push(key);
      const json = this.#toJson(item, path);
      path.pop();
      if (json !== item) setOwn(copy, key, json);
    }
    return Object.hasOwn(copy, TAG) ? tag("Object", copy) : copy;
  }

  #instanceToJson(value: object, path: (string | number)[]): unknown {
    const name = builtInOf(value, path);
    switch (name) {
      case "Date": {
        const time = timeOf.call(value as Date);
        return tag(name, Number.isNaN(time) ? null : new SystemDate(time).toISOString());
      }
      case "Map": {
        const entries: [unknown, unknown][] = [];
        forEachEntry.call(value as Map<unknown, unknown>, (each, key) => entries.push([key, each]));
        return tag(
          name,
          entries.map(([k, v], i) => [this.#toJson(k, [...path, i, "key"]), this.#toJson(v, [...path, i])]),
        );
      }
      case "Set": {
        const items: unknown[] = [];
        forEachItem.call(value as Set<unknown>, (each) => items.push(each));
        return tag(name, this.#itemsToJson(items, path));
      }
      case "Uint8Array":
      case "Buffer": {
        const { buffer, byteOffset, byteLength } = value as Uint8Array<ArrayBuffer>;
        return tag(name, Buffer.from(buffer, byteOffset, byteLength).toString("base64"));
      }
      default:
        return this.#customToJson(value, path, name);
    }
  }

  /** Asks `codec.types` first: they may have kept instances of a built-in class before the codec knew that class. */
  #customToJson(value: unknown, path: (string | number)[], builtIn?: string): unknown {
    if (path.length > MAX_DEPTH) throw new TooDeep(path);
    const type = this.#typeFor(value, path);
    if (type !== undefined) {
      const encoded = callType(type, "encode", value, path);
      path.push(`<${type.name}>`);
      const json = this.#toJson(encoded, path);
      path.pop();
      return tag(type.name, json);
    }
    if (builtIn === undefined || this.#types.has(builtIn)) throw notSerializable(path, describe(value));
    const content = readContent(value as object, builtIn, path);
    if (typeof content === "string") return tag(builtIn, content);
    const { own, fields } = content;
    this.#objectToJson(own, path);
    if (fields !== undefined) own.fields = this.#objectToJson(fields, path);
    return tag(builtIn, own);
  }

  #typeFor(value: unknown, path: Path): CodecType | undefined {
    for (const type of this.#types.values()) if (callType(type, "test", value, path)) return type;
    return undefined;
  }
}

/** Returns false if a text surely holds nothing but plain JSON. */
export function isTagged(text: string): boolean {
  return text.includes(`"${TAG}"`);
}

function textOf(json: unknown, path: Path): string {
  try {
    return writeJson(json);
  } catch (cause) {
    throw notSerializable(path, "too large for one text", cause);
  }
}

function tag(name: string, value?: unknown): object {
  return value === undefined ? { [TAG]: name } : { [TAG]: name, value };
}

function numberName(value: number): string {
  return Object.is(value, -0) ? "-0" : String(value);
}

function unreadableText(type: unknown, cause?: unknown): WorkflowError {
  const what = type === undefined ? "value" : `value of type ${quoted(type)}`;
  return new WorkflowError("STATE_CORRUPT", `A stored ${what} cannot be read back.`, { cause });
}
