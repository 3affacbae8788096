import { WorkflowError } from "../errors.ts";
import { didYouMean, nearName } from "../near-name.ts";
import { listed, quoted } from "../text.ts";
import type { WorkflowGraph } from "./graph.ts";
import { nodeType } from "./node-type.ts";
import { ERROR_HANDLE } from "./outputs.ts";

/**
 * Refuses an edge that leaves an output which its node's type does not declare. `error` counts as declared if the node
 * routes its failures.
 *
 * @throws {WorkflowError} UNKNOWN_EDGE_HANDLE
 */
export function refuseUnknownHandles({ workflowId, nodes, source, target, handle, outputs }: WorkflowGraph): void {
  if (outputs.size === 0) return;
  for (const [edge, name] of handle.entries()) {
    const node = nodes[source[edge] as number];
    if (node === undefined || name === undefined) continue;
    const declared = outputs.get(nodeType(node));
    if (declared === undefined || declared.includes(name)) continue;
    if (name === ERROR_HANDLE && node.onError === "route") continue;
    const to = nodes[target[edge] as number]?.id;
    const message =
      `An edge from node ${quoted(node.id)} to ${quoted(to)} of workflow ${quoted(workflowId)} leaves the output ${quoted(name)}${didYouMean(nearName(name, declared))}; ` +
      `type ${quoted(nodeType(node))} declares ${listed(declared)}.`;
    throw new WorkflowError("UNKNOWN_EDGE_HANDLE", message, {
      details: { workflowId, source: node.id, target: to, sourceHandle: name, outputs: declared.slice(0, 100) },
    });
  }
}
