import type { WaitingNode } from "../store/checkpoint-store.ts";
import type { NodeWait } from "./progress.ts";

/** A node that waits for an answer from outside. */
export interface WaitingFor {
  nodeId: string;
  nodeName: string;
  /** The run of the node that waits: 1 for its first. */
  visit: number;
  /** The reason for the wait, in the node's own words. */
  reason?: string;
  /** The beginning of the wait, in ISO 8601. */
  since: string;
  /** The time at which the node runs again without an answer, in ISO 8601. */
  until?: string;
  /** The token for `answerWait`. Absent in listings, and in executions that an older version suspended. */
  waitToken?: string;
  /** The node's value for those who answer. Absent in listings. */
  payload?: unknown;
}

/** Returns a wait as a listing shows it. */
export function waitingFor({ since, until, ...node }: WaitingNode): WaitingFor {
  return { ...node, since: isoTime(since), ...(until === undefined ? {} : { until: isoTime(until) }) };
}

/** Returns the waits as states and results show them: those that the head lists, with token and payload of the records. */
export function waitsOf(listed: readonly WaitingNode[], waiting: ReadonlyMap<string, NodeWait>): WaitingFor[] {
  return listed.map((node) => {
    const wait = waiting.get(node.nodeId);
    if (wait === undefined || wait.visit !== node.visit) return waitingFor(node);
    const { token: waitToken, payload } = wait;
    return { ...waitingFor(node), waitToken, ...(payload === undefined ? {} : { payload }) };
  });
}

/** A time in ISO 8601, from milliseconds since the epoch. */
export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
