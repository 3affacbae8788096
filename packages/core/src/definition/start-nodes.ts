import { WorkflowError } from "../errors.ts";
import { quoted } from "../text.ts";
import type { WorkflowGraph } from "./graph.ts";
import type { Reached } from "./loops.ts";

type FreeNodes = (graph: WorkflowGraph) => ReadonlySet<number>;

/**
 * Finds the nodes that an execution starts at, and those that they lead to.
 *
 * - `freeNodes` finds the nodes of the loops to which no edge leads from outside. Default: there are none.
 * - `startAt`: the ids of nodes to start at. Default: every node that no edge leads to. A disabled node does not start.
 *
 * @throws {WorkflowError} INVALID_ARGUMENT if an execution cannot start at a node, WORKFLOW_NO_START if there is none
 */
export function findStart(
  graph: WorkflowGraph,
  startAt: readonly string[] | undefined,
  freeNodes: FreeNodes = () => new Set(),
): Reached {
  const { nodes, firstOut, target, workflowId } = graph;
  const isFirst = (node: number): boolean => graph.firstIn[node] === graph.firstIn[node + 1];
  const named =
    startAt === undefined ? [...nodes.keys()].filter(isFirst) : namedNodes(graph, startAt, { isFirst, freeNodes });
  const isStart = new Uint8Array(nodes.length);
  for (const node of named) if (nodes[node]?.disabled !== true) isStart[node] = 1;
  const isReached = isStart.slice();
  const stack = named.filter((node) => isStart[node] === 1);
  if (stack.length === 0) throw noStart(workflowId, startAt, named.length > 0);
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    for (let edge = firstOut[node] as number; edge < (firstOut[node + 1] as number); edge++) {
      const to = target[edge] as number;
      if (isReached[to] === 1) continue;
      isReached[to] = 1;
      stack.push(to);
    }
  }
  return { isStart, isReached };
}

function noStart(workflowId: string, startAt: readonly string[] | undefined, isDisabled: boolean): WorkflowError {
  const reason = isDisabled
    ? "every node that it would start at is disabled"
    : "an edge leads to each of its nodes. Name a node to start at (startAt)";
  return new WorkflowError("WORKFLOW_NO_START", `Workflow ${quoted(workflowId)} has no node to start at: ${reason}.`, {
    details: { workflowId, ...(startAt === undefined ? {} : { startAt: startAt.slice(0, 100) }) },
  });
}

function namedNodes(
  graph: WorkflowGraph,
  startAt: readonly string[],
  { isFirst, freeNodes }: { isFirst: (node: number) => boolean; freeNodes: FreeNodes },
): readonly number[] {
  const named = [...new Set(startAt)].map((nodeId) => {
    const node = graph.indexOf.get(nodeId);
    if (node === undefined) throw refusal(graph, nodeId, "there is no such node");
    return node;
  });
  const inside = named.filter((node) => !isFirst(node));
  if (inside.length === 0) return named;
  const free = freeNodes(graph);
  const middle = inside.find((node) => !free.has(node));
  if (middle === undefined) return named;
  throw refusal(graph, graph.nodes[middle]?.id ?? "", "edges lead to it from outside a loop of its own");
}

function refusal({ workflowId }: WorkflowGraph, nodeId: string, reason: string): WorkflowError {
  return new WorkflowError(
    "INVALID_ARGUMENT",
    `Workflow ${quoted(workflowId)} cannot start at node ${quoted(nodeId)} (startAt): ${reason}.`,
    { details: { workflowId, nodeId } },
  );
}
