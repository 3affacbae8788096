import type { Clock } from "../clock.ts";
import type { CheckpointStore } from "../store/checkpoint-store.ts";
import type { CodecOptions } from "./codec-types.ts";
import type { ContextMode } from "./context-values.ts";

/**
 * The options of a `WorkflowState` class.
 *
 * @see https://github.com/waymark-dev/waymark/blob/main/docs/migration.md#4-a-loop-of-your-own
 */
export interface WorkflowStateOptions {
  store: CheckpointStore;
  codec?: CodecOptions;
  /** Milliseconds that a claim holds. Every write renews it. Default: 30,000. */
  leaseMs?: number;
  /** Milliseconds for which a call of a store that cannot be reached is tried again. Default: `leaseMs`. */
  storeRetryMs?: number;
  contextMode?: ContextMode;
  /**
   * The checkpoints of an execution that are kept: at least this many of the newest, and about twice as many at most. A
   * whole number, 1 or more. Default: all.
   */
  historyLimit?: number;
  clock?: Clock;
}

/**
 * The options of `WorkflowState.resume`.
 *
 * @see https://github.com/waymark-dev/waymark/blob/main/docs/migration.md#4-a-loop-of-your-own
 */
export interface ResumeStateOptions {
  /** The user that the execution must belong to. Default: the owner is not checked. */
  userId?: string;
}
