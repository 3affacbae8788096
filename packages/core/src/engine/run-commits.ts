import type { ComposedCheckpoint } from "../state/journal-entries.ts";
import type { HeadUpdate } from "../store/checkpoint-store.ts";
import type { Attempt } from "./attempt.ts";
import type { LivePlan } from "./live-plan.ts";
import type { NextOutcome } from "./node-outcome.ts";
import type { Places } from "./places.ts";
import { namesOf } from "./prepared-workflow.ts";
import type { RunParts } from "./run-parts.ts";
import type { RunWaits } from "./run-waits.ts";
import { isUnrouted } from "./unrouted.ts";

/** The commits of node runs, after which the execution continues or has completed. */
export class RunCommits {
  readonly #parts: RunParts;
  readonly #plan: LivePlan;
  readonly #waits: RunWaits;
  readonly #places: Places | undefined;

  /** `places`: those of the nodes that run side by side, if more than one may. */
  constructor(parts: RunParts, { plan, waits, places }: { plan: LivePlan; waits: RunWaits; places?: Places }) {
    this.#parts = parts;
    this.#plan = plan;
    this.#waits = waits;
    this.#places = places;
  }

  /** Commits checkpoints after which the plan is as it is now. That of the last node also completes the execution. */
  commit(composed: readonly ComposedCheckpoint[], nodeIds: readonly string[]): Promise<void> {
    const { currentStep = 0 } = composed.at(-1)?.after ?? {};
    const totalSteps = currentStep + this.#plan.planner.open;
    const head: HeadUpdate = { totalSteps, ...this.mended(nodeIds) };
    if (this.hasEnded) {
      head.status = "completed";
      head.failure = null;
    }
    return this.#parts.journal.commitComposed(composed, head);
  }

  /** Emits the events of a node whose completion is committed. */
  reportCompleted(
    completed: Pick<Attempt, "index" | "step" | "run" | "attempt" | "durationMs">,
    { handles }: Pick<NextOutcome, "handles">,
    stepNumber: number,
  ): void {
    const { workflow, emit } = this.#parts;
    const { step, run, attempt, durationMs } = completed;
    if (handles && isUnrouted(workflow.graph, completed, handles)) {
      emit({ type: "node.unrouted", ...run, ...namesOf(step), handles });
    }
    // Field by field: every node comes through here, and spreads cost twice as much.
    const { nodeId, visit } = run;
    const { nodeName, type: nodeType } = step;
    emit({ type: "node.completed", nodeId, visit, nodeName, nodeType, attempt, stepNumber, durationMs });
  }

  /** Removes the failure of nodes' last attempts, and when the next ones were due; not those of another node that waits. */
  mended(nodeIds: readonly string[]): HeadUpdate | undefined {
    const { failure, progress } = this.#parts.journal;
    if (failure === undefined || this.#places?.isClosed === true) return undefined;
    const isLeft = [...progress.attempts].some(([id, each]) => !nodeIds.includes(id) && each.retryAtMs !== undefined);
    return isLeft ? undefined : { failure: null, wakeAt: null };
  }

  get hasEnded(): boolean {
    return this.#plan.planner.next() === undefined && !this.#waits.any && this.#places?.isInUse !== true;
  }
}
