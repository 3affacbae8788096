import type { WorkflowNode } from "../definition/schema.ts";
import type { DefinedNode, NodeExecutor, WorkflowContext } from "./node-executor.ts";

/** A node's data, as the schema of its type makes it. Without a schema, it is as it is. @throws {WorkflowError} NODE_DATA_INVALID */
export async function nodeDataOf(
  workflowId: string,
  node: WorkflowNode,
  run: NodeExecutor<WorkflowContext, unknown>,
): Promise<Record<string, unknown>> {
  const { dataSchema } = run as Partial<DefinedNode<WorkflowContext, unknown>>;
  if (dataSchema === undefined) return node.data ?? {};
  const { validNodeData } = await import("./valid-node-data.ts");
  return validNodeData(workflowId, node, dataSchema);
}
