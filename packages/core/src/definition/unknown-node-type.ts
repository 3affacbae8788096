import { WorkflowError } from "../errors.ts";
import { quoted } from "../text.ts";
import { nodeType } from "./node-type.ts";
import type { WorkflowNode } from "./schema.ts";

/** Returns the error for a node whose type has no executor. `hint` ends its sentence. */
export function unknownNodeType(
  workflowId: string,
  node: Pick<WorkflowNode, "id" | "type">,
  hint: string = "",
): WorkflowError {
  const type = nodeType(node);
  return new WorkflowError(
    "UNKNOWN_NODE_TYPE",
    `Node ${quoted(node.id)} of workflow ${quoted(workflowId)} is of type ${quoted(type)}, which has no executor${hint}.`,
    { details: { workflowId, nodeId: node.id, type } },
  );
}
