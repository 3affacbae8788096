import type { CheckpointRecord, ExecutionRecord, WorkflowStatus } from "@waymark/core";
import type { Expected } from "./chaos-model.ts";
import type { ChaosPlan } from "./chaos-workflow.ts";
import type { MadeEffect } from "./effects-server.ts";

/** What was done to an execution from outside, for its verdict. */
export interface Observed {
  plan: ChaosPlan;
  /** Present if it is a fork: the step that it was made at. */
  forkedAt?: number;
  /** Present if an execution has started it: that one, what it gave, and the failures that end both. */
  parent?: { status: WorkflowStatus; given: number; failures: Expected["failures"] };
  /** A call of `cancelExecution` has resolved. */
  isCancelled: boolean;
  /** The call that cancelled it, or found it cancelled, and was not interrupted. */
  cancel?: CancelCall;
  /** The answers that were kept. One that comes after a failure makes the execution due, and the node starts again. */
  answers: number;
  /** How runs that were called for have ended. */
  results: string[];
}

/** A call of `cancelExecution`, after which nothing below the execution runs that was there before. */
export interface CancelCall {
  /** When it began, by this process's `performance.now()`. */
  begunMs: number;
  /** A time after it was over, by the store's clock. */
  overAt: number;
}

/** One execution, with all that is known of it. */
export interface Case {
  head: ExecutionRecord;
  observed: Observed;
  model: Expected;
  records: readonly CheckpointRecord[];
  /** The records of nodes that have completed. */
  done: readonly CheckpointRecord[];
  context: Record<string, unknown>;
  made: readonly MadeEffect[];
  /** Notes a violation unless something is right. */
  check: (isRight: boolean, what: () => string) => void;
}
