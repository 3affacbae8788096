import { checker } from "../checker.ts";
import { WorkflowError } from "../errors.ts";
import { callback, oneOf, optional, text } from "../option.ts";
import { quoted } from "../text.ts";
import { canvasProblem } from "./canvas-form.ts";
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
  /** The node that this one lies inside. */
  parentId?: string | undefined;
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

/** A workflow made from a canvas, with what it leaves out. */
export interface ReactFlowWorkflow extends WorkflowDefinition {
  dropped: {
    /** The nodes that were ignored, and plain frames. */
    nodeIds: string[];
    /** The edges that lead to or from these, unless they were joined through a frame; and those without an end. */
    edges: ReactFlowEdge[];
  };
}

/**
 * The options of {@link fromReactFlow}.
 *
 * @see https://github.com/waymark-dev/waymark/blob/main/docs/canvas.md#react-flow
 */
export interface FromReactFlowOptions<Node extends ReactFlowNode = ReactFlowNode> {
  /** Returns the type whose executor runs a node. Default: the node's own `type`. */
  typeOf?: (node: Node) => string | undefined;
  /** Returns whether to leave out a node, such as a note or a frame, and its edges. Default: no node is left out. */
  ignore?: (node: Node) => boolean;
  /** Refuses or drops an edge to or from a node that does not exist. Default: `refuse`, with UNKNOWN_EDGE_NODE. */
  danglingEdges?: "refuse" | "drop";
}

/**
 * Makes a workflow from a saved React Flow canvas, which needs no changes.
 *
 * - If `data.label` is a text, it becomes the node's name. `data.retry` and `data.timeoutMs` remain data and have no
 *   effect on the node.
 *
 * - A frame is a node that others lie inside, and that is of type `group` or ignored. It is left out. An edge to it and one
 *   from it are joined. Nodes inside any other node are refused: it probably does more with them than draw a frame.
 * - `dropped` lists what is left out.
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
): ReactFlowWorkflow {
  const problem = text(id) ?? canvasProblem(flow);
  if (problem !== undefined) {
    const name = typeof id === "string" ? "flow" : "id";
    throw new WorkflowError("WORKFLOW_INVALID", `fromReactFlow(id, flow, options?): ${name}: ${problem}.`);
  }
  const { typeOf = (node: Node) => node.type, ignore = () => false } = checkOptions(options) as typeof options;
  const frames = new Set<string>();
  const ignored = new Set<string>();
  const parents = new Set(flow.nodes.map(({ parentId }) => parentId));
  for (const node of flow.nodes) {
    const isIgnored = ignore(node);
    const isFrame = parents.has(node.id) && (isIgnored || node.type === "group");
    if (isFrame) frames.add(node.id);
    if (isFrame || isIgnored) ignored.add(node.id);
  }
  refuseContainers(id, flow.nodes, frames);
  const known = new Set(flow.nodes.map((node) => node.id));
  const isDangling = (edge: ReactFlowEdge) => !known.has(edge.source) || !known.has(edge.target);
  const dropsDangling = options.danglingEdges === "drop";
  const dangling = dropsDangling ? flow.edges.filter(isDangling) : [];
  const { edges, dropped } = joinEdges(dropsDangling ? flow.edges.filter((edge) => !isDangling(edge)) : flow.edges, {
    frames,
    ignored,
  });
  const definition = defineWorkflow({
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
    edges: edges as WorkflowDefinition["edges"],
  });
  return { ...definition, dropped: { nodeIds: [...ignored], edges: [...dangling, ...dropped] } };
}

/** @throws {WorkflowError} WORKFLOW_INVALID if a node lies inside one that is not a plain frame */
function refuseContainers(id: string, nodes: readonly ReactFlowNode[], frames: ReadonlySet<string>): void {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  for (const { id: nodeId, parentId } of nodes) {
    const parent = parentId === undefined ? undefined : byId.get(parentId);
    if (parent === undefined || frames.has(parent.id)) continue;
    throw new WorkflowError(
      "WORKFLOW_INVALID",
      `Canvas ${quoted(id)}: node ${quoted(nodeId)} lies inside ${quoted(parent.id)} of type ${quoted(parent.type ?? "default")}, which is not a plain frame. ` +
        "If it only draws a frame, ignore it: ignore: (node) => … . If it repeats its nodes, draw a loop (forEachItem).",
      { details: { nodeId, parentId: parent.id } },
    );
  }
}

/** Joins edges that lead through frames, and drops those that lead to or from a node that is left out. */
function joinEdges(
  edges: readonly ReactFlowEdge[],
  { frames, ignored }: { frames: ReadonlySet<string>; ignored: ReadonlySet<string> },
): { edges: ReactFlowEdge[]; dropped: ReactFlowEdge[] } {
  const fromFrame = new Map<string, ReactFlowEdge[]>();
  for (const id of frames) fromFrame.set(id, []);
  for (const edge of edges) fromFrame.get(edge.source)?.push(edge);
  const kept: ReactFlowEdge[] = [];
  const used = new Set<ReactFlowEdge>();
  for (const edge of edges) {
    if (ignored.has(edge.source)) continue;
    const ends: ReactFlowEdge[] = [edge];
    const entered = new Set<string>();
    /** The edge by which the walk has come to each edge of a frame. */
    const before = new Map<ReactFlowEdge, ReactFlowEdge>();
    for (let end = ends.pop(); end !== undefined; end = ends.pop()) {
      if (!frames.has(end.target)) {
        if (ignored.has(end.target)) continue;
        for (let step: ReactFlowEdge | undefined = end; step !== undefined; step = before.get(step)) used.add(step);
        const { target, targetHandle } = end;
        kept.push(end === edge ? edge : { ...edge, target, ...(targetHandle === undefined ? {} : { targetHandle }) });
      } else if (!entered.has(end.target)) {
        entered.add(end.target);
        for (const next of (fromFrame.get(end.target) ?? []).toReversed()) {
          before.set(next, end);
          ends.push(next);
        }
      }
    }
  }
  return { edges: kept, dropped: edges.filter((edge) => !used.has(edge)) };
}

const checkOptions = checker<FromReactFlowOptions>(
  "fromReactFlow",
  {
    typeOf: optional(callback),
    ignore: optional(callback),
    danglingEdges: optional(oneOf("refuse", "drop")),
  },
  "options",
);
