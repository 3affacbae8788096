import type { Plans } from "../definition/plan.ts";
import type { RetryPolicy } from "../definition/schema.ts";
import type { Journal } from "../state/journal.ts";
import { type NodeAnswer, nextRun } from "../state/progress.ts";
import type { ExecutionRecord } from "../store/checkpoint-store.ts";
import { startsOnce } from "./decide.ts";
import type { Standing } from "./decide-resume.ts";
import { isOver, type OpenWait } from "./open-wait.ts";
import type { PreparedWorkflow } from "./prepared-workflow.ts";
import { restorePlanner } from "./restored-planner.ts";

/**
 * Returns the nodes that may have been running when their process died, or were to begin next.
 *
 * - `retry`: the engine's policy. A node that must not start twice is among them only if that is on record.
 */
export function inFlight(
  plans: Plans,
  journal: Pick<Journal, "progress">,
  retry: RetryPolicy | undefined,
): readonly string[] {
  const { begin } = journal.progress;
  if (begin !== undefined) return begin;
  const { nodes, indexOf } = plans.graph;
  return nextNodes(plans, journal).filter((id) => !startsOnce(nodes[indexOf.get(id) ?? -1]?.retry, retry));
}

/** Returns the nodes that run, or that are to begin next. */
export function nextNodes(plans: Plans, journal: Pick<Journal, "progress">): readonly string[] {
  const { begin = [] } = journal.progress;
  if (begin.length > 0) return begin;
  const next = plans.graph.nodes[restorePlanner({ plans }, journal).next() ?? -1];
  return next === undefined ? [] : [next.id];
}

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

function isFromOutside({ timedOut }: NodeAnswer): boolean {
  return timedOut !== true;
}

function nextNodeOf(workflow: PreparedWorkflow, journal: Journal): string | undefined {
  const index = restorePlanner(workflow, journal).next();
  return index === undefined ? undefined : workflow.steps[index]?.node.id;
}
