import type { HeadUpdate, WaitingNode } from "../store/checkpoint-store.ts";
import type { NodeWait } from "./progress.ts";

/** A node that waits for an answer from outside. */
export interface WaitingFor {
  nodeId: string;
  nodeName: string;
  /** Which run of the node waits: 1 for its first. */
  visit: number;
  /** The reason for the wait, in the node's own words. */
  reason?: string;
  /** Since when it waits, in ISO 8601. */
  since: string;
  /** When it runs again without an answer, in ISO 8601. */
  until?: string;
  /** What `answerWait` takes. Absent in listings, and for waits of executions that an older version suspended. */
  waitToken?: string;
  /** The value that the node has handed to those who answer. Absent in listings. */
  payload?: unknown;
}

/** The most waits that a head names, and the longest reason, in characters. */
const MAX_LISTED = 100;
export const MAX_REASON = 200;

/** A wait as a listing shows it. */
export function waitingFor({ since, until, ...node }: WaitingNode): WaitingFor {
  return { ...node, since: isoTime(since), ...(until === undefined ? {} : { until: isoTime(until) }) };
}

/** The waits of an execution as its state and its results show them: those that its head names, with what its records add. */
export function waitsOf(listed: readonly WaitingNode[], waiting: ReadonlyMap<string, NodeWait>): WaitingFor[] {
  return listed.map((node) => {
    const wait = waiting.get(node.nodeId);
    if (wait === undefined || wait.visit !== node.visit) return waitingFor(node);
    const { token: waitToken, payload } = wait;
    return { ...waitingFor(node), waitToken, ...(payload === undefined ? {} : { payload }) };
  });
}

/** The waits of an execution as its head names them: the first 100, in the order in which they began. */
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

/** A time in ISO 8601, from milliseconds since the epoch. */
export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
