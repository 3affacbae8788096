import type { Plans } from "../definition/plan.ts";
import { Planner, type PlanState } from "../definition/planner.ts";
import type { Journal } from "../state/journal.ts";
import type { PresentRuns, Progress } from "../state/progress.ts";
import type { PreparedWorkflow } from "./prepared-workflow.ts";

/** Makes the planner of an execution. Nodes that have run are settled, and those that wait are passed over. */
export function restorePlanner(
  { plans }: Pick<PreparedWorkflow, "plans">,
  { progress }: Pick<Journal, "progress">,
): Planner {
  const { graph } = plans;
  const plan = plans.of(progress.start);
  // Without loops it makes no difference when a node has run.
  const heldCount = plan.loops === undefined ? progress.ran.length : progress.heldCount;
  const visits = new Map<number, number>();
  for (const [nodeId, count] of progress.visits) {
    const index = graph.indexOf.get(nodeId);
    if (index !== undefined) visits.set(index, count);
  }
  const held: SettledNode[] = [];
  const since: SettledNode[] = [];
  for (const { nodeId, handles, visit } of progress.ran) {
    const index = graph.indexOf.get(nodeId);
    const isHeld = held.length + since.length < heldCount;
    (isHeld ? held : since).push({ index: index ?? -1, handles });
    if (isHeld && index !== undefined) visits.set(index, visit ?? visits.get(index) ?? 1);
  }
  const planner = new Planner(plan, { ran: held.filter(isKnown), left: progress.left, visits });
  for (const { index, handles } of since.filter(isKnown)) planner.settle(index, handles);
  // The checkpoints of those nodes have removed the positions of these loops; one may have begun again since.
  planner.takeEndedEntries();
  for (const nodeId of progress.waiting.keys()) {
    const index = graph.indexOf.get(nodeId);
    if (index !== undefined) planner.park(index);
  }
  return planner;
}

type SettledNode = PlanState["ran"][number];

/** The definition may have changed since a node ran. */
function isKnown({ index }: SettledNode): boolean {
  return index !== -1;
}

/** Returns what of an execution's runs still counts, for a snapshot; `undefined` if all of them do. */
export function presentRuns(plans: Plans, planner: Planner, start: Progress["start"]): PresentRuns | undefined {
  if (plans.of(start).loops === undefined) return undefined;
  const { indexOf } = plans.graph;
  return {
    hasRun: (nodeId) => {
      const index = indexOf.get(nodeId);
      return index === undefined || planner.hasRun(index);
    },
    left: planner.leftEdges(),
  };
}
