import type { WorkflowGraph } from "./graph.ts";
import { countIncoming, sorted } from "./graph-order.ts";
import type { Reached } from "./loops.ts";
import type { LoopCode, PlannedLoops } from "./plan-loops.ts";
import { findStart } from "./start-nodes.ts";

/** A graph prepared for one choice of start nodes. */
export interface Plan extends Reached {
  readonly graph: WorkflowGraph;
  /** By node: the number of edges that lead to it, without those back to a loop's entry and those nothing reaches. */
  readonly incomingCount: Int32Array;
  /** Absent if no loop can be reached. */
  readonly loops?: PlannedLoops;
}

/**
 * Prepares a graph for planning. `loopCode` is needed if the graph has a loop.
 *
 * - Costs time in proportion to nodes and edges, times the depth of the loops.
 * - `startAt`: the ids of the nodes to start at. Default: every node that no edge leads to.
 *
 * @throws {WorkflowError} INVALID_ARGUMENT, WORKFLOW_NO_START, WORKFLOW_LOOP_INVALID
 */
export function planOf(graph: WorkflowGraph, startAt?: readonly string[], loopCode?: LoopCode): Plan {
  const reached = findStart(graph, startAt, loopCode?.nodesOfFreeLoops);
  const incomingCount = countIncoming(graph, reached, () => true);
  const reachedCount = reached.isReached.reduce((sum, each) => sum + each, 0);
  if (sorted(graph, reached, incomingCount).length === reachedCount) return { graph, ...reached, incomingCount };
  if (loopCode === undefined) throw new Error("The graph has a loop, and the code for loops is not loaded.");
  return { graph, ...reached, ...loopCode.planLoops(graph, reached) };
}

/** The most choices of start nodes whose plans are kept. */
const MAX_PLANS = 20;

/** The plans of one graph, for the nodes that its executions start at. Those used last are kept. */
export class Plans {
  readonly graph: WorkflowGraph;
  readonly #plans = new Map<string, Plan>();
  /** The plan of the executions that start where no edge leads. */
  #usual: Plan | undefined;

  readonly #loopCode: LoopCode | undefined;

  private constructor(graph: WorkflowGraph, loopCode: LoopCode | undefined) {
    this.graph = graph;
    this.#loopCode = loopCode;
  }

  /** Makes the plans of a graph. If it has a loop, wherever one starts, the code for loops is loaded. */
  static async from(graph: WorkflowGraph): Promise<Plans> {
    return new Plans(graph, hasLoop(graph) ? await import("./plan-loops.ts") : undefined);
  }

  /** Returns the plan for start nodes. @throws as {@link planOf} */
  of(startAt: readonly string[] | undefined): Plan {
    if (startAt === undefined) {
      this.#usual ??= planOf(this.graph, undefined, this.#loopCode);
      return this.#usual;
    }
    const key = JSON.stringify(startAt);
    const plan = this.#plans.get(key) ?? planOf(this.graph, startAt, this.#loopCode);
    this.#plans.delete(key);
    this.#plans.set(key, plan);
    const [oldest] = this.#plans.keys();
    if (this.#plans.size > MAX_PLANS && oldest !== undefined) this.#plans.delete(oldest);
    return plan;
  }
}

function hasLoop(graph: WorkflowGraph): boolean {
  const isReached = new Uint8Array(graph.nodes.length).fill(1);
  const incomingCount = countIncoming(graph, { isStart: isReached, isReached }, () => true);
  const isStart = Uint8Array.from(incomingCount, (count) => (count === 0 ? 1 : 0));
  return sorted(graph, { isStart, isReached }, incomingCount).length < graph.nodes.length;
}
