import { sha256 } from "../crypto.ts";
import type { NodeRun } from "./node-run.ts";

/**
 * Returns the token of a node's next wait in a visit: `ww_`, the execution's id in base64url, a dot and a SHA-256 in
 * base64url. It has 50 characters and four thirds of the id's bytes, and is safe in an address.
 *
 * - Made from the execution's `instance`, a random value that nothing else reveals, so nobody can guess it. Every attempt
 *   of the visit has the same token, so that a node can send it before it suspends.
 * - `previous`: the token of the wait of this visit that was answered last. So a node that suspends again has a new one.
 */
export function waitTokenOf(
  { id, instance }: { id: string; instance: string },
  { nodeId, visit }: NodeRun,
  previous = "",
): string {
  const secret = sha256(JSON.stringify(["wait", instance, nodeId, visit, previous]), "base64url");
  return `ww_${Buffer.from(id, "utf8").toString("base64url")}.${secret}`;
}
