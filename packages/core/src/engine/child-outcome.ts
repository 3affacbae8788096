import { types } from "node:util";
import type { NodeOutcome } from "./node-outcome.ts";

/** What came of a node that starts executions: its outcome, or what the engine has found out about its failure. */
export class ChildOutcome {
  readonly take: () => NodeOutcome;

  constructor(take: () => NodeOutcome) {
    this.take = take;
  }
}

/**
 * Thrown if a child has neither ended nor waits for an answer, or cannot be looked at because the store stays away: the
 * parent looks again. It is no failure of the node.
 */
export class ChildUnfinished extends Error {
  /** When to look again, in milliseconds since the epoch by the store's clock. Absent: at once. */
  readonly wakeAt: number | undefined;

  constructor(wakeAt: number | undefined) {
    super("A child has not ended.");
    this.wakeAt = wakeAt;
  }
}

/** Returns the earlier of two times to look again. No time is the earliest: at once. */
export function earlierLook(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? undefined : Math.min(one, other);
}

/** Returns when to look again, if this was thrown because a child has not ended. */
export function unfinishedOf(error: unknown): ChildUnfinished | undefined {
  return types.isNativeError(error) && error instanceof ChildUnfinished ? error : undefined;
}
