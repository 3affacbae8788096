import { sha256 } from "../crypto.ts";
import type { WorkflowDefinition } from "./schema.ts";

/**
 * The JSON of a checked definition, its keys in their own order: what a store keeps and what is run.
 *
 * - Absent and `undefined` are the same; of values that JSON does not have, `data` holds what `JSON.stringify` makes.
 */
export function definitionJson(definition: WorkflowDefinition): string {
  return JSON.stringify({
    id: definition.id,
    name: definition.name,
    nodes: definition.nodes.map(({ id, type, name, data, retry, timeoutMs }) => ({
      id,
      type,
      name,
      data,
      retry,
      timeoutMs,
    })),
    edges: definition.edges.map(({ id, source, target, sourceHandle, targetHandle }) => ({
      id,
      source,
      target,
      sourceHandle: sourceHandle ?? undefined,
      targetHandle: targetHandle ?? undefined,
    })),
  });
}

/**
 * The content address of a definition's JSON: the SHA-256 of its canonical form, 64 hexadecimal digits.
 *
 * - Canonical: the keys of objects are sorted by code unit, as in RFC 8785; nodes, edges and arrays keep their order.
 */
export function hashDefinition(json: string): string {
  return sha256(JSON.stringify(sortKeys(JSON.parse(json))), "hex");
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return Object.fromEntries(entries.map(([key, each]) => [key, sortKeys(each)]));
}
