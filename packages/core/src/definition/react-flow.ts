import { checker } from "../checker.ts";
import { WorkflowError } from "../errors.ts";
import { mustBe } from "../given.ts";
import { callback, optional, text } from "../option.ts";
import { defineWorkflow } from "./define-workflow.ts";
import type { WorkflowDefinition } from "./schema.ts";

/** A canvas as React Flow's `toObject()` saves it; fields that are not named here are ignored. */
export interface ReactFlowObject {
  nodes: readonly ReactFlowNode[];
  edges: readonly ReactFlowEdge[];
}

/** A node of a saved canvas. */
export interface ReactFlowNode {
  id: string;
  type?: string | undefined;
  data?: Record<string, unknown> | undefined;
}

/** An edge of a saved canvas. */
export interface ReactFlowEdge {
  id?: string | undefined;
  source: string;
  target: string;
  sourceHandle?: string | null | undefined;
  targetHandle?: string | null | undefined;
}

/** The options of {@link fromReactFlow}. */
export interface FromReactFlowOptions<Node extends ReactFlowNode = ReactFlowNode> {
  /** Returns the type whose executor runs a node. Default: the node's own `type`. */
  typeOf?: (node: Node) => string | undefined;
  /** Returns whether to leave out a node, such as a note or a frame, and its edges. Default: no node is left out. */
  ignore?: (node: Node) => boolean;
}

/**
 * Makes a workflow from a saved React Flow canvas, which needs no changes.
 *
 * - If `data.label` is a text, it becomes the node's name. `data.retry` and `data.timeoutMs` remain data and have no
 *   effect on the node.
 *
 * @throws {WorkflowError} INVALID_ARGUMENT, WORKFLOW_INVALID, WORKFLOW_EMPTY, DUPLICATE_NODE_ID, UNKNOWN_EDGE_NODE
 *
 * @example
 * ```ts
 * const workflow = fromReactFlow("orders", JSON.parse(saved), { ignore: (node) => node.type === "note" });
 * ```
 */
export function fromReactFlow<Node extends ReactFlowNode>(
  id: string,
  flow: { nodes: readonly Node[]; edges: readonly ReactFlowEdge[] },
  options: FromReactFlowOptions<Node> = {},
): WorkflowDefinition {
  if (typeof id !== "string" || !isListOfObjects(flow?.nodes) || !isListOfObjects(flow.edges)) {
    const problem = text(id) ?? mustBe("an object { nodes, edges } with lists of objects", flow);
    const name = typeof id === "string" ? "flow" : "id";
    throw new WorkflowError("WORKFLOW_INVALID", `fromReactFlow(id, flow, options?): ${name}: ${problem}.`);
  }
  const { typeOf = (node: Node) => node.type, ignore = () => false } = checkOptions(options) as typeof options;
  const ignored = new Set<string>();
  for (const node of flow.nodes) if (ignore(node)) ignored.add(node.id);
  return defineWorkflow({
    id,
    nodes: flow.nodes
      .filter((node) => !ignored.has(node.id))
      .map((node) => {
        const type = typeOf(node);
        const label = node.data?.label;
        return {
          id: node.id,
          ...(type === undefined ? {} : { type }),
          ...(typeof label === "string" ? { name: label } : {}),
          ...(node.data === undefined ? {} : { data: node.data }),
        };
      }),
    edges: flow.edges.filter(
      (edge) => !ignored.has(edge.source) && !ignored.has(edge.target),
    ) as WorkflowDefinition["edges"],
  });
}

const checkOptions = checker<FromReactFlowOptions>("fromReactFlow", {
  typeOf: optional(callback),
  ignore: optional(callback),
});

function isListOfObjects(value: unknown): boolean {
  return Array.isArray(value) && value.every((each) => typeof each === "object" && each !== null);
}
