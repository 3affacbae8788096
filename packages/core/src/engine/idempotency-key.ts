import { sha256 } from "../crypto.ts";
import type { NodeRun } from "../state/node-run.ts";

/**
 * The key of a node run: `wm_` and a SHA-256 in base64url, 46 characters.
 *
 * - Made from the execution's `instance`, so an id that is deleted and used again gets other keys. An execution that was
 *   created before there were instances keeps the keys that it had: made from its id.
 * - A hash, because ids can hold any character and be longer than services take in a header.
 */
export function idempotencyKey(
  { id, instance }: { id: string; instance: string | undefined },
  { nodeId, visit }: NodeRun,
): string {
  const parts = instance === undefined ? (visit === 1 ? [id, nodeId] : [id, nodeId, visit]) : [instance, nodeId, visit];
  return `wm_${sha256(JSON.stringify(parts), "base64url")}`;
}
