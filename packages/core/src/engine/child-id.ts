import { sha256 } from "../crypto.ts";
import type { NodeRun } from "../state/node-run.ts";

/**
 * Returns the id of an execution that a node starts: `wc_` and a SHA-256 in base64url, 46 characters.
 *
 * - Made from the parent's instance, the node, the visit and the item. So every attempt finds the same child, and a
 *   parent that is deleted and created again under its id has other children.
 * - `item`: the place of the item, for a node that starts one child for each.
 */
export function childIdOf(
  { id, instance }: { id: string; instance: string | undefined },
  { nodeId, visit }: NodeRun,
  item?: number,
): string {
  const parts = ["child", instance ?? id, nodeId, visit, ...(item === undefined ? [] : [item])];
  return `wc_${sha256(JSON.stringify(parts), "base64url")}`;
}
