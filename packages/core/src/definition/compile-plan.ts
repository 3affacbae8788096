import type { WorkflowGraph } from "./graph.ts";
import { type Plan, planOf } from "./plan.ts";
import * as loopCode from "./plan-loops.ts";

/** Prepares a graph for planning, with or without loops: see {@link planOf}. */
export function compilePlan(graph: WorkflowGraph, startAt?: readonly string[]): Plan {
  return planOf(graph, startAt, loopCode);
}
