import type { WorkflowDefinition } from "@waymark/core";
import type { LoadedWorkflow } from "../import/workflow-file.ts";

/** Returns the part of a workflow that its start node leads to: an old executor starts at every node it can start at. */
export function workflowForV1({ workflow, startAt }: Pick<LoadedWorkflow, "workflow" | "startAt">): WorkflowDefinition {
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
