import type { WorkflowGraph } from "./graph.ts";
import { findLoops, type Reached } from "./loops.ts";
import { findScopes, type LoopScopes } from "./scopes.ts";
import { findStart } from "./start-nodes.ts";

/** A graph prepared for one choice of start nodes. */
export interface Plan extends Reached {
  readonly graph: WorkflowGraph;
  /** By node: the number of edges that lead to it, without those back to a loop's entry and those nothing reaches. */
  readonly incomingCount: Int32Array;
  /** Absent if no loop can be reached. */
  readonly loops?: LoopScopes;
}

/**
 * Prepares a graph for planning.
 *
 * - Costs time in proportion to nodes and edges, times the depth of the loops.
 * - `startAt`: the ids of the nodes to start at. Default: every node that no edge leads to.
 *
 * @throws {WorkflowError} INVALID_ARGUMENT, WORKFLOW_NO_START, WORKFLOW_LOOP_INVALID
 */
export function compilePlan(graph: WorkflowGraph, startAt?: readonly string[]): Plan {
  const reached = findStart(graph, startAt);
  const incomingCount = countIncoming(graph, reached, () => true);
  const reachedCount = reached.isReached.reduce((sum, each) => sum + each, 0);
  if (sorted(graph, reached, incomingCount).length === reachedCount) return { graph, ...reached, incomingCount };
  const found = findLoops(graph, reached);
  const isForward = (edge: number): boolean => found.back[edge] === -1;
  const forward = countIncoming(graph, reached, isForward);
  const order = sorted(graph, reached, forward, isForward);
  return { graph, ...reached, incomingCount: forward, loops: findScopes(graph, found, order) };
}

/** The most choices of start nodes whose plans are kept. */
const MAX_PLANS = 20;

/** The plans of one graph, for the nodes that its executions start at. Those used last are kept. */
export class Plans {
  readonly graph: WorkflowGraph;
  readonly #plans = new Map<string, Plan>();
  /** The plan of the executions that start where no edge leads. */
  #usual: Plan | undefined;

  constructor(graph: WorkflowGraph) {
    this.graph = graph;
  }

  /** Returns the plan for start nodes. @throws as {@link compilePlan} */
  of(startAt: readonly string[] | undefined): Plan {
    if (startAt === undefined) {
      this.#usual ??= compilePlan(this.graph);
      return this.#usual;
    }
    const key = JSON.stringify(startAt);
    const plan = this.#plans.get(key) ?? compilePlan(this.graph, startAt);
    this.#plans.delete(key);
    this.#plans.set(key, plan);
    const [oldest] = this.#plans.keys();
    if (this.#plans.size > MAX_PLANS && oldest !== undefined) this.#plans.delete(oldest);
    return plan;
  }
}

function countIncoming(
  { source, target, nodes }: WorkflowGraph,
  { isReached }: Reached,
  isUsed: (edge: number) => boolean,
): Int32Array {
  const count = new Int32Array(nodes.length);
  for (const [edge, to] of target.entries()) {
    if (isReached[source[edge] as number] === 1 && isUsed(edge)) count[to] = (count[to] as number) + 1;
  }
  return count;
}

/** Sorts the nodes that are reached, sources before targets (Kahn 1962). Nodes on and behind a loop are left out. */
function sorted(
  { firstOut, target }: WorkflowGraph,
  { isStart, isReached }: Reached,
  incomingCount: Int32Array,
  isUsed: (edge: number) => boolean = () => true,
): Int32Array {
  const left = incomingCount.slice();
  const order = new Int32Array(isReached.length);
  let length = 0;
  for (const [node, starts] of isStart.entries()) if (starts === 1 && left[node] === 0) order[length++] = node;
  for (let at = 0; at < length; at++) {
    const node = order[at] as number;
    for (let edge = firstOut[node] as number; edge < (firstOut[node + 1] as number); edge++) {
      if (!isUsed(edge)) continue;
      const to = target[edge] as number;
      left[to] = (left[to] as number) - 1;
      if (left[to] === 0) order[length++] = to;
    }
  }
  return order.subarray(0, length);
}
