import type { Plans } from "../definition/plan.ts";
import { Planner, type PlanState } from "../definition/planner.ts";
import type { Journal } from "../state/journal.ts";
import { type NodeAnswer, type NodeWait, nextRun, type PresentRuns, type Progress } from "../state/progress.ts";
import type { ExecutionRecord } from "../store/checkpoint-store.ts";
import type { Standing } from "./decide.ts";
import type { PreparedWorkflow } from "./workflow-catalog.ts";

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

/** Returns the nodes that may have been running when their process died, or were to begin next. */
export function inFlight(plans: Plans, journal: Pick<Journal, "progress">): readonly string[] {
  const { begin } = journal.progress;
  if (begin !== undefined) return begin;
  const next = plans.graph.nodes[restorePlanner({ plans }, journal).next() ?? -1];
  return next === undefined ? [] : [next.id];
}

/** A wait of an execution. It has no token if an older version has suspended the execution. */
export type OpenWait = Omit<NodeWait, "token"> & { token?: string };

/** An execution as it was read, with the workflow that it runs by. */
export interface Found {
  journal: Journal;
  /** Its head before it was claimed. */
  head: Pick<ExecutionRecord, "status" | "wakeAt">;
  workflow: PreparedWorkflow;
}

/**
 * Returns the waits of an execution whose nodes the workflow has.
 *
 * - Older versions kept no waits. In an execution that they suspended, the next node is the one that waits.
 */
export function openWaits({ journal, head, workflow }: Found): OpenWait[] {
  const { waiting, answers } = journal.progress;
  if (waiting.size > 0) return [...waiting.values()].filter(({ nodeId }) => workflow.graph.indexOf.has(nodeId));
  const next = nextNodeOf(workflow, journal);
  if (head.status !== "suspended" || next === undefined || answers.has(next)) return [];
  const { wakeAt: untilMs } = head;
  return [{ ...nextRun(journal.progress, next), sinceMs: 0, ...(untilMs === undefined ? {} : { untilMs }) }];
}

/** Returns true if the time of a wait is over at a time of the store's clock. The node then runs without an answer. */
export function isOver({ untilMs }: OpenWait, storeNow: number): boolean {
  return untilMs !== undefined && untilMs <= storeNow;
}

/** Returns true if a wait takes an answer. Waits of older versions take one even after their time. */
function isOpen(wait: OpenWait, storeNow: number): boolean {
  return wait.token === undefined || !isOver(wait, storeNow);
}

/** Returns the next steps of an execution. */
export function standingOf(found: Found): Standing {
  const { journal, head, workflow } = found;
  const { answers, attempts } = journal.progress;
  const { status } = head;
  if (status === "completed" || status === "cancelled") return { ...NOTHING_LEFT, status };
  const now = journal.storeNow();
  const waits = openWaits(found);
  const waitingIds = waits.map(({ nodeId }) => nodeId);
  const ready = nextNodeOf(workflow, journal);
  const next = ready !== undefined && waitingIds.includes(ready) ? undefined : ready;
  const { retryAtMs = 0 } = (next === undefined ? undefined : attempts.get(next)) ?? {};
  // If a node was answered meanwhile, the head has an earlier time. A run writes the later one again.
  const isDue = status === "pending" && head.wakeAt !== undefined && head.wakeAt <= now;
  return {
    status,
    next,
    retryInMs: isDue ? 0 : Math.max(0, retryAtMs - now),
    waiting: waits.filter((wait) => isOpen(wait, now)).map(({ nodeId }) => nodeId),
    hasTimedOut: waits.some((wait) => isOver(wait, now)),
    answered: [...answers.values()].filter(isFromOutside).map(({ nodeId }) => nodeId),
  };
}

const NOTHING_LEFT = { next: undefined, retryInMs: 0, waiting: [], hasTimedOut: false, answered: [] } as const;

/** Makes the answer to a wait whose time is over. */
export function timedOut({ nodeId, visit, token }: OpenWait): NodeAnswer {
  return { nodeId, visit, data: undefined, ...(token === undefined ? {} : { token }), timedOut: true };
}

function isFromOutside({ timedOut }: NodeAnswer): boolean {
  return timedOut !== true;
}

function nextNodeOf(workflow: PreparedWorkflow, journal: Journal): string | undefined {
  const index = restorePlanner(workflow, journal).next();
  return index === undefined ? undefined : workflow.steps[index]?.node.id;
}
