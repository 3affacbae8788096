import { differingPaths } from "@waymark/core/migration";
import type { Json } from "@waymark/inspector/server/json-tree.ts";
import { BRIEF, cut } from "@waymark/inspector/server/shown-value.ts";

const MAX_OPERATIONS = 200;
const MAX_DEPTH = 100;

/** Two outputs and what leads from the first to the second, as the page shows them. */
export function comparedOutputs({ v1, v2 }: { v1?: unknown; v2?: unknown }) {
  const hasBoth = v1 !== undefined && v2 !== undefined;
  const differing = hasBoth ? differingPaths(v1, v2) : [];
  const operations = differing.slice(0, MAX_OPERATIONS).map(({ path, values: [, value] }) => {
    const keys = path.map((segment) => (typeof segment === "string" ? segment : segment.key));
    return value === undefined ? ["delete", keys] : ["set", keys, shown(value)];
  });
  return {
    v1: v1 === undefined ? undefined : shown(v1),
    v2: v2 === undefined ? undefined : shown(v2),
    operations,
    count: differing.length,
  };
}

function shown(value: unknown): Json {
  return cut(toJson(value, 0), BRIEF);
}

/** Writes a value as JSON, in which `{"$type": name, "value": …}` is a value that JSON does not have. */
function toJson(value: unknown, depth: number): Json {
  if (depth > MAX_DEPTH) return "…";
  const inner = (each: unknown) => toJson(each, depth + 1);
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number") {
    return Number.isFinite(value) && !Object.is(value, -0)
      ? value
      : tagged("number", Object.is(value, -0) ? "-0" : String(value));
  }
  if (typeof value === "bigint") return tagged("bigint", String(value));
  if (value instanceof Date) return tagged("Date", Number.isNaN(value.getTime()) ? null : value.toISOString());
  if (value instanceof Map)
    return tagged(
      "Map",
      [...value].map(([key, each]) => [inner(key), inner(each)]),
    );
  if (value instanceof Set) return tagged("Set", [...value].map(inner));
  if (Array.isArray(value)) return value.map(inner);
  if (typeof value !== "object") return tagged("undefined");
  const fields = Object.fromEntries(Object.entries(value).map(([key, each]) => [key, inner(each)]));
  return Object.hasOwn(fields, "$type") ? tagged("Object", fields) : fields;
}

function tagged(name: string, value?: Json): Json {
  return { $type: name, ...(value === undefined ? {} : { value }) };
}
