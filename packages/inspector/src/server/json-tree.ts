/** A parsed JSON text. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/** A place in a JSON tree. */
export type JsonPath = readonly (string | number)[];

/** Returns the value at a path; `undefined` if there is none. */
export function jsonAt(json: Json, path: JsonPath): Json | undefined {
  let at: Json | undefined = json;
  for (const key of path) at = childOf(at, key);
  return at;
}

/**
 * Copies a tree. Where `replace` returns a value, that one takes the place.
 *
 * - `beside` are other trees; `replace` gets their values at the same place.
 */
export function walkJson(
  json: Json,
  beside: readonly Json[],
  replace: (at: [{ json: Json; path: JsonPath }, (Json | undefined)[]]) => Json | undefined,
): Json {
  return walk(json, beside, []);

  function walk(at: Json, others: readonly (Json | undefined)[], path: JsonPath): Json {
    const replaced = replace([{ json: at, path }, [...others]]);
    if (replaced !== undefined) return replaced;
    if (typeof at !== "object" || at === null) return at;
    const child = (key: string | number, value: Json) =>
      walk(
        value,
        others.map((other) => childOf(other, key)),
        [...path, key],
      );
    if (Array.isArray(at)) return at.map((item, index) => child(index, item));
    return Object.fromEntries(Object.entries(at).map(([key, value]) => [key, child(key, value)]));
  }
}

function childOf(json: Json | undefined, key: string | number): Json | undefined {
  if (typeof json !== "object" || json === null || !Object.hasOwn(json, key)) return undefined;
  if (Array.isArray(json) !== (typeof key === "number")) return undefined;
  return (json as Record<string | number, Json>)[key];
}
