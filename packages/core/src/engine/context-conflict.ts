import { WorkflowError } from "../errors.ts";
import type { NodeRun } from "../state/node-run.ts";
import { formatPath } from "../state/not-serializable.ts";
import { quoted } from "../text.ts";

/**
 * Returns the failure of a node that has changed a value that another node has changed since it was started.
 *
 * - `other`: the run that was the last to change the value.
 */
export function contextConflict(
  { nodeId, visit }: NodeRun,
  other: NodeRun | undefined,
  path: readonly (string | number)[],
): WorkflowError {
  const by = other === undefined ? "another node" : `node ${quoted(other.nodeId)}`;
  const message = `Node ${quoted(nodeId)} and ${by} ran side by side, and both have changed ${formatPath(path)}. Let one of them follow the other, let them write to different keys, or adjust the value: append(), add(), merge().`;
  return new WorkflowError("CONTEXT_CONFLICT", message, {
    details: {
      nodeId,
      visit,
      ...(other === undefined ? {} : { otherNodeId: other.nodeId, otherVisit: other.visit }),
      path: [...path],
    },
  });
}
