/** What a node of the graph has done. */
export type NodeState = "done" | "failed" | "waiting" | "running" | "next" | "skipped" | "idle";

/** The progress that the states are made of. */
export interface GraphProgress {
  execution: { status: string; failure?: { nodeId?: string | undefined } | undefined };
  ran: readonly { nodeId: string; handles?: readonly string[] | null | undefined }[];
  skipped: readonly string[];
  next: readonly string[];
  waiting: readonly { nodeId: string }[];
}

/** Returns the state of each node that has one. What a node does now counts more than what it did in an earlier visit. */
export function nodeStates({ execution, ran, skipped, next, waiting }: GraphProgress): Map<string, NodeState> {
  const states = new Map<string, NodeState>();
  for (const nodeId of skipped) states.set(nodeId, "skipped");
  for (const { nodeId } of ran) states.set(nodeId, "done");
  for (const nodeId of next) states.set(nodeId, execution.status === "running" ? "running" : "next");
  for (const { nodeId } of waiting) states.set(nodeId, "waiting");
  const failed = execution.failure?.nodeId;
  if (failed !== undefined && execution.status === "failed") states.set(failed, "failed");
  return states;
}

/** Tells if an edge was taken: its source has run, and has chosen the edge's output or none in particular. */
export function isTaken(
  edge: { source: string; target: string; sourceHandle?: string | undefined },
  { ran }: Pick<GraphProgress, "ran">,
): boolean {
  const source = ran.findLast(({ nodeId }) => nodeId === edge.source);
  if (source === undefined || source.handles === null) return false;
  return source.handles === undefined || edge.sourceHandle === undefined || source.handles.includes(edge.sourceHandle);
}
