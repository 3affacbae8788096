import type { CheckpointRecord } from "../store/checkpoint-store.ts";

/**
 * Returns the outputs that a node took, as its record has them: `undefined` if it took every edge, `null` if it took none.
 *
 * - Reads only what it must: a delta that names no output is not parsed.
 */
export function handlesIn({ kind, nodeId, payload }: CheckpointRecord): readonly string[] | null | undefined {
  if (kind === "save" || nodeId === "") return undefined;
  if (kind === "snapshot") return handlesInSnapshot(nodeId, JSON.parse(payload));
  if (!payload.includes('["route"') && !payload.includes('["end"')) return undefined;
  const parts: unknown[] = JSON.parse(payload);
  for (const part of parts) {
    if (!Array.isArray(part)) continue;
    if (part[0] === "route") return part.slice(1);
    if (part[0] === "end") return null;
  }
  return undefined;
}

function handlesInSnapshot(nodeId: string, json: { handles?: string[] | null; ran: unknown[] }) {
  if (json.handles !== undefined) return json.handles;
  const last = json.ran.at(-1);
  if (!Array.isArray(last) || last[0] !== nodeId) return undefined;
  return last[1] === null ? null : (last.slice(1) as string[]);
}
