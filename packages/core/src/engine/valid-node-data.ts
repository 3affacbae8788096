import { nodeType } from "../definition/node-type.ts";
import type { WorkflowNode } from "../definition/schema.ts";
import { type StandardSchema, validate } from "../definition/standard-schema.ts";
import { WorkflowError } from "../errors.ts";
import { quoted } from "../text.ts";

/**
 * A node's data, as the schema of its type makes it.
 *
 * @throws {WorkflowError} NODE_DATA_INVALID
 */
export async function validNodeData(
  workflowId: string,
  node: WorkflowNode,
  schema: StandardSchema,
): Promise<Record<string, unknown>> {
  const result = await validate(schema, node.data ?? {});
  if ("value" in result) return result.value as Record<string, unknown>;
  throw new WorkflowError(
    "NODE_DATA_INVALID",
    `The data of node ${quoted(node.id)} of workflow ${quoted(workflowId)} does not fit its type ${quoted(nodeType(node))}: ${result.problems.join("; ")}.`,
    { details: { workflowId, nodeId: node.id, problems: result.problems }, cause: result.cause },
  );
}
