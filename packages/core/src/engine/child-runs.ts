import type { Journal } from "../state/journal.ts";
import type { NodeRun } from "../state/node-run.ts";
import type { NodeAnswer } from "../state/progress.ts";
import type { Surroundings } from "../state/surroundings.ts";
import type { ExecutionRecord, FailureRecord } from "../store/checkpoint-store.ts";
import type { ChildCall } from "./child-call.ts";
import type { ChildOutcome } from "./child-outcome.ts";
import type { RunEnd, RunParts } from "./run-parts.ts";

/** The parts of an engine that know parents and children. Loaded when they are first needed. */
export interface ChildRuns {
  /** Runs the children of a node. Rejects with what a function of the user's threw. */
  runNode(parent: RunParts, call: ChildCall): Promise<ChildOutcome>;
  /** Hands the answer to a node's wait over to the execution that waits, and makes those between the two due. */
  handOver(answer: NodeAnswer, parentId: string): Promise<void>;
  /** Makes all ancestors due that wait for an execution. */
  wakeAncestors(child: ExecutionRecord): Promise<void>;
  /** Makes the parent of an execution due before a commit ends or suspends it. */
  announcing(surroundings: Surroundings, child: ExecutionRecord): Surroundings;
  /** Returns why an execution must not continue: one above it is gone or was cancelled. */
  orphaned(child: ExecutionRecord): Promise<FailureRecord | undefined>;
  /** Returns a number that changes whenever the children of these node runs progress. */
  progressOf(parentId: string, runs: readonly NodeRun[]): Promise<number>;
  /** Ends a claimed execution as cancelled, together with its children. */
  endCancelled(journal: Journal, failure: FailureRecord): Promise<void>;
  /**
   * Cancels the children of an execution that was cancelled. Looks once more at the children that one waits for, and
   * suspends it: see `RunEnds.resting`.
   */
  afterRun(journal: Journal, end: RunEnd): Promise<void>;
}
