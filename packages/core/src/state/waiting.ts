import type { WaitingNode } from "../store/checkpoint-store.ts";

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
}

/** A wait as people see it. */
export function waitingFor({ since, until, ...node }: WaitingNode): WaitingFor {
  return { ...node, since: isoTime(since), ...(until === undefined ? {} : { until: isoTime(until) }) };
}

/** A time in ISO 8601, from milliseconds since the epoch. */
export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
