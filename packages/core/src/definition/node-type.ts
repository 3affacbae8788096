import { WorkflowError } from "../errors.ts";
import { quoted } from "../text.ts";
import type { WorkflowNode } from "./schema.ts";

/** Returns the type whose executor runs a node. */
export function nodeType(node: Pick<WorkflowNode, "type">): string {
  return node.type ?? "default";
}

/** Returns what people call a node: its name, else its type. */
export function nodeName(node: Pick<WorkflowNode, "name" | "type">): string {
  return node.name ?? nodeType(node);
}

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
