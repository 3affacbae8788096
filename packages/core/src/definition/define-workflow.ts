import { buildGraph } from "./graph.ts";
import { parseDefinition, readInput } from "./parse-definition.ts";
import type { WorkflowDefinition, WorkflowNode } from "./schema.ts";

/** A definition made by {@link defineWorkflow}. Its type contains the workflow's id, its input and its node types. */
export interface DefinedWorkflow<Id extends string = string, Input = unknown, Type extends string = string>
  extends WorkflowDefinition<Input> {
  id: Id;
  nodes: (WorkflowNode & { type?: Type })[];
}

/** The argument of {@link defineWorkflow}, with the type of each node. */
type DefinitionGiven<Id extends string, Input, Types extends readonly unknown[]> = Omit<
  WorkflowDefinition<Input>,
  "id" | "nodes"
> & {
  id: Id;
  nodes: readonly [...{ [Index in keyof Types]: WorkflowNode & { type?: Types[Index] } }];
};

/** The node types among `Types`. A node without a type is of the type "default". */
type NodeTypes<Types extends readonly unknown[]> = {
  [Index in keyof Types]: unknown extends Types[Index]
    ? "default"
    : Types[Index] extends string
      ? Types[Index]
      : Extract<Types[Index], string> | "default";
}[number];

/**
 * Checks a workflow's shape and graph, and drops the fields that a canvas adds (position, style).
 *
 * - Does not check whether the node types have an executor, or whether each loop has one entry: that depends on the
 *   nodes that an execution starts at. Both are checked when an execution starts.
 * - If the result is in the `workflows` of an engine (a list or a record), the compiler checks the engine's calls: the
 *   `workflowId`, the `initialData`, and that `executors` has each node type.
 *
 * @throws {WorkflowError} WORKFLOW_INVALID, WORKFLOW_EMPTY, DUPLICATE_NODE_ID, UNKNOWN_EDGE_NODE
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
export function defineWorkflow<const Id extends string, const Types extends readonly unknown[], Input = unknown>(
  definition: DefinitionGiven<Id, Input, Types>,
): DefinedWorkflow<Id, Input, NodeTypes<Types>> {
  type Defined = DefinedWorkflow<Id, Input, NodeTypes<Types>>;
  const input = readInput(definition) as Defined["input"];
  const parsed = parseDefinition(definition) as Defined;
  buildGraph(parsed);
  return input === undefined ? parsed : { ...parsed, input };
}
