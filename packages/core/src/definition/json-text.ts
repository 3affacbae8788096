import { WorkflowError } from "../errors.ts";
import { quoted } from "../text.ts";

/** The deepest nesting that a node's data can have, in levels. */
const MAX_DEPTH = 1_000;
/** The largest text that a definition can have, in characters. */
const MAX_LENGTH = 2 ** 28;

/**
 * Writes JSON as `JSON.stringify` does, but safely for values whose getters or proxies may do anything.
 *
 * - Every property is read once. A `toJSON` that a library has added to `Object.prototype` or `Array.prototype` is
 *   ignored. An own `toJSON` is refused.
 * - Also refused: functions, symbols, cycles, bigints, nesting deeper than 1,000 levels, and values that throw when they are read.
 */
export class JsonText {
  #length = 0;
  readonly #path: (string | number)[] = [];
  /** The containers that enclose the value being written. */
  readonly #around = new Set<object>();

  /**
   * Returns the JSON text of a value, or `undefined` for `undefined`.
   *
   * @throws {WorkflowError} WORKFLOW_INVALID, with the path within the value
   */
  write(value: unknown): string | undefined {
    try {
      return this.#write(value);
    } catch (error) {
      throw error instanceof NotJson ? this.#refused(error.message) : this.#refused("it throws when it is read");
    } finally {
      this.#path.length = 0;
      this.#around.clear();
    }
  }

  #write(value: unknown): string | undefined {
    switch (typeof value) {
      case "string":
        return this.#counted(JSON.stringify(value));
      case "number":
        return this.#counted(Number.isFinite(value) ? String(Object.is(value, -0) ? 0 : value) : "null");
      case "boolean":
        return this.#counted(String(value));
      case "bigint":
        throw new NotJson("it is a bigint");
      case "object":
        return value === null ? this.#counted("null") : this.#inside(value);
      case "undefined":
        return undefined;
      default:
        throw new NotJson(`it is a ${typeof value}`);
    }
  }

  #counted(text: string): string {
    this.#length += text.length + 2;
    if (this.#length > MAX_LENGTH) throw new NotJson(`the definition is larger than ${MAX_LENGTH} characters`);
    return text;
  }

  #inside(value: object): string | undefined {
    if (this.#around.has(value)) throw new NotJson("it contains itself");
    if (this.#around.size >= MAX_DEPTH) throw new NotJson(`it is nested deeper than ${MAX_DEPTH} levels`);
    this.#around.add(value);
    const text = this.#container(value);
    this.#around.delete(value);
    return text;
  }

  #container(value: object): string | undefined {
    if (value instanceof Number || value instanceof String || value instanceof Boolean)
      return this.#write(value.valueOf());
    const toJson = (value as { toJSON?: unknown }).toJSON;
    if (typeof toJson === "function" && toJson !== (Object.prototype as { toJSON?: unknown }).toJSON) {
      if (Object.hasOwn(value, "toJSON")) throw new NotJson("it has a toJSON of its own");
      if (!Array.isArray(value)) return this.#write(Reflect.apply(toJson, value, [""]));
    }
    return Array.isArray(value) ? this.#list(value) : this.#object(value as Record<string, unknown>);
  }

  #list(list: readonly unknown[]): string {
    const { length } = list;
    const texts: string[] = [];
    for (let index = 0; index < length; index++) {
      this.#path.push(index);
      texts.push(this.#write(list[index]) ?? this.#counted("null"));
      this.#path.pop();
    }
    return `[${texts.join(",")}]`;
  }

  #object(object: Readonly<Record<string, unknown>>): string {
    const texts: string[] = [];
    for (const key of Object.keys(object)) {
      this.#path.push(key);
      const text = this.#write(object[key]);
      this.#path.pop();
      if (text !== undefined) texts.push(`${this.#counted(JSON.stringify(key))}:${text}`);
    }
    return `{${texts.join(",")}}`;
  }

  #refused(problem: string): WorkflowError {
    const path = this.#path.slice(0, 12).join(".");
    const at = path === "" ? "" : ` at ${quoted(path)}`;
    return new WorkflowError("WORKFLOW_INVALID", `${problem}${at}`, { details: { path: this.#path.slice(0, 100) } });
  }
}

class NotJson extends Error {}

/** Writes parsed JSON in the canonical form of RFC 8785: keys ordered by their UTF-16 code units, no spaces. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const object = value as Readonly<Record<string, unknown>>;
  const members = Object.keys(object)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(object[key])}`);
  return `{${members.join(",")}}`;
}
