import type { NodeAnswer, NodeWait } from "../state/progress.ts";

/** A wait of an execution. It has no token if an older version has suspended the execution. */
export type OpenWait = Omit<NodeWait, "token"> & { token?: string };

/** Returns true if the time of a wait is over at a time of the store's clock. The node then runs without an answer. */
export function isOver({ untilMs }: OpenWait, storeNow: number): boolean {
  return untilMs !== undefined && untilMs <= storeNow;
}

/** Makes the answer to a wait whose time is over. */
export function timedOut({ nodeId, visit, token }: OpenWait): NodeAnswer {
  return { nodeId, visit, data: undefined, ...(token === undefined ? {} : { token }), timedOut: true };
}
