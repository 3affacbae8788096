import type { JournalPoint } from "../state/journal-point.ts";
import type { NodeRun } from "../state/node-run.ts";
import type { PreparedStep } from "./prepared-workflow.ts";

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
  /** The plan counts it as run. */
  isSettled: boolean;
  /** It has failed for good, and the execution has continued. */
  isPassedOver?: true;
  /** Its commit. In `async` durability the next node runs meanwhile. */
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

/** Rounds to a thousandth of a millisecond. Further digits are noise, and lengthen the record. */
export function roundedMs(ms: number): number {
  return Math.round(ms * 1_000) / 1_000;
}
