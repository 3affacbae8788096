import { sha256 } from "../crypto.ts";
import type { WorkflowDefinition } from "./schema.ts";

/**
 * The canonical JSON of a checked definition: what its hash is made from, and what a store keeps under it.
 *
 * - Object keys inside `data` are sorted by code unit, as in RFC 8785; nodes, edges and arrays keep their order.
 * - Absent and `undefined` are the same; of values that JSON does not have, `data` holds what `JSON.stringify` makes.
 */
export function canonicalDefinition(definition: WorkflowDefinition): string {
  return JSON.stringify({
    id: definition.id,
    name: definition.name,
    nodes: definition.nodes.map(({ id, type, name, data, retry, timeoutMs }) => ({
      id,
      type,
      name,
      data: sortKeys(data),
      retry: sortKeys(retry),
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

/** The content address of a definition's canonical JSON: SHA-256, 64 hexadecimal digits. */
export function hashDefinition(canonical: string): string {
  return sha256(canonical, "hex");
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== "object" || value === null || "toJSON" in value) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return Object.fromEntries(entries.map(([key, each]) => [key, sortKeys(each)]));
}
