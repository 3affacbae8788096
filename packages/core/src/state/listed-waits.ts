import type { HeadUpdate, WaitingNode } from "../store/checkpoint-store.ts";
import type { NodeWait } from "./progress.ts";

/** The most waits that a head lists, and the longest reason, in characters. */
const MAX_LISTED = 100;
export const MAX_REASON = 200;

/** Returns the waits as the head lists them: the first 100, in the order in which they began. */
export function listedWaits(
  waiting: ReadonlyMap<string, NodeWait>,
  nameOf: (nodeId: string) => string,
): Required<Pick<HeadUpdate, "waiting" | "waitingCount">> {
  if (waiting.size === 0) return { waiting: null, waitingCount: null };
  const first = [...waiting.values()].slice(0, MAX_LISTED);
  const nodes = first.map(({ nodeId, visit, sinceMs, untilMs, reason }): WaitingNode => {
    const node = { nodeId, nodeName: nameOf(nodeId), visit, since: sinceMs };
    return { ...node, ...(reason !== undefined && { reason }), ...(untilMs !== undefined && { until: untilMs }) };
  });
  return { waiting: nodes, waitingCount: waiting.size };
}
