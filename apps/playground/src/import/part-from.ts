import type { WorkflowDefinition } from "@waymark/core";

/** Returns the part of a workflow that a node leads to; the whole workflow if none is named. */
export function partFrom(workflow: WorkflowDefinition, startAt: string | undefined): WorkflowDefinition {
  if (startAt === undefined) return workflow;
  const edgesFrom = Map.groupBy(workflow.edges, ({ source }) => source);
  const reached = new Set([startAt]);
  // The loop also visits items that are added to the set meanwhile.
  for (const id of reached) for (const { target } of edgesFrom.get(id) ?? []) reached.add(target);
  return {
    ...workflow,
    nodes: workflow.nodes.filter(({ id }) => reached.has(id)),
    edges: workflow.edges.filter(({ source }) => reached.has(source)),
  };
}
