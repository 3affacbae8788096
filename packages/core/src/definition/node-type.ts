import type { WorkflowNode } from "./schema.ts";

/** Returns the type whose executor runs a node. */
export function nodeType(node: Pick<WorkflowNode, "type">): string {
  return node.type ?? "default";
}

/** Returns what people call a node: its name, else its type. */
export function nodeName(node: Pick<WorkflowNode, "name" | "type">): string {
  return node.name ?? nodeType(node);
}
