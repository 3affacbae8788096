import type { JournalPoint } from "../state/journal-point.ts";
import type { NodeRun } from "../state/node-run.ts";
import type { PreparedStep } from "./workflow-catalog.ts";

/** One attempt of a node. */
export interface Attempt {
  index: number;
  step: PreparedStep;
  run: NodeRun;
  attempt: number;
  /** By `clock.elapsed()`. */
  startedMs: number;
  durationMs: number;
  /** The state that it began with. */
  before: JournalPoint;
  /** Its commit, in `async` durability while the next node runs already. */
  committed?: Promise<void>;
}

/** An attempt whose commit, made while the next node ran, was refused by the store. */
export class RefusedLater {
  readonly attempt: Attempt;
  readonly error: unknown;

  constructor(attempt: Attempt, error: unknown) {
    this.attempt = attempt;
    this.error = error;
  }
}

/** To a thousandth of a millisecond: what is beyond that is noise, and text. */
export function roundedMs(ms: number): number {
  return Math.round(ms * 1_000) / 1_000;
}
