import { TAG } from "./codec.ts";
import { isInstance } from "./live-values.ts";
import type { ValueTypes } from "./plain-json.ts";
import { setOwn } from "./set-own.ts";

/** The types of the values below one place, as a tree. */
interface TypesBelow {
  types: readonly string[];
  below: Map<string, TypesBelow>;
}

/** Puts the tags back that PlainJson has taken out. */
export class TaggedJson {
  readonly #root: TypesBelow = { types: [], below: new Map() };
  #left: number;

  constructor(types: ValueTypes) {
    this.#left = types.length;
    for (const [path, ...names] of types) {
      let at = this.#root;
      for (const key of path) {
        let next = at.below.get(String(key));
        if (next === undefined) {
          next = { types: [], below: new Map() };
          at.below.set(String(key), next);
        }
        at = next;
      }
      at.types = names;
    }
  }

  /** True once every type has found its value in the JSON that was tagged so far. */
  get isComplete(): boolean {
    return this.#left === 0;
  }

  /** Returns the codec's JSON for the plain JSON at a path, in new containers. */
  from(json: unknown, path: readonly (string | number)[]): unknown {
    let at: TypesBelow | undefined = this.#root;
    for (const key of path) at = at?.below.get(String(key));
    return this.#tag(json, at);
  }

  #tag(json: unknown, at: TypesBelow | undefined): unknown {
    let tagged = this.#escape(json, at);
    if (at !== undefined && at.types.length > 0) this.#left--;
    for (const name of at?.types.toReversed() ?? []) {
      tagged = name === "undefined" ? { [TAG]: name } : { [TAG]: name, value: tagged };
    }
    return tagged;
  }

  #escape(json: unknown, at: TypesBelow | undefined): unknown {
    if (typeof json !== "object" || json === null) return json;
    if (Array.isArray(json)) return json.map((item, index) => this.#tag(item, at?.below.get(String(index))));
    if (isInstance(json)) throw new TypeError("it holds something that is not JSON");
    const copy: Record<string, unknown> = {};
    for (const [key, value] of Object.entries(json)) setOwn(copy, key, this.#tag(value, at?.below.get(key)));
    return Object.hasOwn(copy, TAG) ? { [TAG]: "Object", value: copy } : copy;
  }
}
