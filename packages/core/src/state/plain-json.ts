import { TAG } from "./codec.ts";
import { setOwn } from "./set-own.ts";

/*
 * The codec's JSON without its tags, for tools that know nothing of them, with the tags in a list beside it:
 *
 *   { "at": { "$type": "Date", "value": "2026-01-01T00:00:00.000Z" } }
 *   { "at": "2026-01-01T00:00:00.000Z" }                                 and  [[["at"], "Date"]]
 *
 * So a key `$type` in the plain JSON is always the user's own.
 */

/** The values of other types: the path of each, and its types, the outermost first. */
export type ValueTypes = [path: (string | number)[], ...types: string[]][];

/** Removes the tags from the codec's JSON, and collects them. */
export class PlainJson {
  readonly types: ValueTypes = [];

  /** Returns the plain form of the codec's JSON at a path. It changes and reuses that JSON. */
  from(json: unknown, path: (string | number)[]): unknown {
    if (typeof json !== "object" || json === null) return json;
    const names: string[] = [];
    let inner: unknown = json;
    while (isTag(inner) && inner[TAG] !== "Object") {
      names.push(inner[TAG]);
      inner = inner.value ?? null;
    }
    if (names.length > 0) this.types.push([[...path], ...names]);
    if (isTag(inner)) inner = inner.value;
    if (typeof inner !== "object" || inner === null) return inner;
    for (const key of keysOf(inner)) {
      path.push(key);
      setOwn(inner, String(key), this.from((inner as Record<string | number, unknown>)[key], path));
      path.pop();
    }
    return inner;
  }
}

function isTag(json: unknown): json is { [TAG]: string; value?: unknown } {
  return typeof json === "object" && json !== null && !Array.isArray(json) && Object.hasOwn(json, TAG);
}

function keysOf(container: object): (string | number)[] {
  return Array.isArray(container) ? [...container.keys()] : Object.keys(container);
}
