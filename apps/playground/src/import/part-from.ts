import type { WorkflowDefinition } from "@waymark/core";
import { reachedFrom } from "./reached.ts";

/** Returns the part of a workflow that a node leads to; the whole workflow if none is named. */
export function partFrom(workflow: WorkflowDefinition, startAt: string | undefined): WorkflowDefinition {
  if (startAt === undefined) return workflow;
  const edgesFrom = Map.groupBy(workflow.edges, ({ source }) => source);
  const reached = reachedFrom([startAt], (id) => (edgesFrom.get(id) ?? []).map(({ target }) => target));
  return {
    ...workflow,
    nodes: workflow.nodes.filter(({ id }) => reached.has(id)),
    edges: workflow.edges.filter(({ source }) => reached.has(source)),
  };
}
