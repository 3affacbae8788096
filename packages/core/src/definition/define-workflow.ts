import { compileGraph } from "./graph.ts";
import { parseDefinition, readInput } from "./parse-definition.ts";
import type { WorkflowDefinition } from "./schema.ts";

/**
 * Checks a workflow's shape and graph, and drops the fields that a canvas adds (position, style).
 *
 * - Does not know which node types have an executor; that is checked when an execution starts.
 *
 * @throws {WorkflowError} WORKFLOW_INVALID, WORKFLOW_EMPTY, DUPLICATE_NODE_ID, UNKNOWN_EDGE_NODE, WORKFLOW_CYCLE
 *
 * @example
 * ```ts
 * const greet = defineWorkflow({
 *   id: "greet",
 *   nodes: [{ id: "ask", type: "http" }, { id: "answer", type: "llm" }],
 *   edges: [{ source: "ask", target: "answer" }],
 * });
 * ```
 */
export function defineWorkflow<const Id extends string, Input = unknown>(
  definition: WorkflowDefinition<Input> & { id: Id },
): WorkflowDefinition<Input> & { id: Id } {
  const input = readInput(definition) as WorkflowDefinition<Input>["input"];
  const parsed = parseDefinition(definition) as WorkflowDefinition<Input> & { id: Id };
  compileGraph(parsed);
  return input === undefined ? parsed : { ...parsed, input };
}
