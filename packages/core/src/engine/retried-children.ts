import type { Progress } from "../state/progress.ts";
import type { PreparedWorkflow } from "./prepared-workflow.ts";

interface NodeAttempt {
  readonly nodeId: string;
  readonly attempt: number;
}

/**
 * Returns when the next attempts of nodes that start executions were due, by node, in milliseconds since the epoch by the
 * store's clock. The failure of a child that ended by then is on record: the attempt resumes that child.
 */
export function retryTimesOf(
  { steps, graph, hasChildren }: PreparedWorkflow,
  { attempts }: Pick<Progress, "attempts">,
): ReadonlyMap<string, number> | undefined {
  if (!hasChildren) return undefined;
  const times = new Map<string, number>();
  for (const [nodeId, { retryAtMs }] of attempts) {
    const { child } = steps[graph.indexOf.get(nodeId) ?? -1] ?? {};
    if (child !== undefined && retryAtMs !== undefined) times.set(nodeId, retryAtMs);
  }
  return times;
}

/**
 * Returns the attempts that were cut off and whose numbers are used.
 *
 * - The others are those that resume children which have failed. They stay on record as due, so that the next run knows
 *   these failures as reported.
 */
export function usedAttempts<A extends NodeAttempt>(
  workflow: PreparedWorkflow,
  progress: Pick<Progress, "attempts">,
  cutOff: readonly A[],
): readonly A[] {
  const kept = retryTimesOf(workflow, progress);
  return kept === undefined || kept.size === 0 ? cutOff : cutOff.filter(({ nodeId }) => !kept.has(nodeId));
}
