import { isStoreAway, WorkflowError } from "../errors.ts";
import type { ComposedCheckpoint, NodeEntry } from "../state/journal-entries.ts";
import type { FailureRecord, HeadUpdate } from "../store/checkpoint-store.ts";
import type { Attempt } from "./attempt.ts";
import { isUnrouted, outputsAfterFailure, shownFailure } from "./error-policy.ts";
import type { LivePlan } from "./live-plan.ts";
import type { NextOutcome } from "./node-outcome.ts";
import type { Places } from "./places.ts";
import type { RunEnds } from "./run-ends.ts";
import type { RunEnd, RunParts } from "./run-parts.ts";
import type { RunWaits } from "./run-waits.ts";
import { namesOf } from "./workflow-catalog.ts";

/** A node whose last attempt has failed. */
type PassedNode = Pick<Attempt, "index" | "step" | "run" | "isPassedOver">;

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

  /**
   * Continues over the failure of a node, by its error policy. Returns false if the state cannot keep the failure: then
   * the execution fails.
   *
   * - `begin`: the nodes that are on record as in flight after it. Default: those that have a place.
   */
  async passOver(
    failed: PassedNode,
    entry: NodeEntry & { error: FailureRecord },
    begin?: readonly string[],
  ): Promise<boolean> {
    const { journal, workflow, emit } = this.#parts;
    const { index, step, run } = failed;
    const { attempt, durationMs, error: failure } = entry;
    const before = journal.point;
    try {
      const handles = outputsAfterFailure(workflow.graph, index);
      this.#plan.planner.settle(index, handles);
      const changes = { error: shownFailure(run, step, failure) };
      await this.commit(
        journal.composePassedOver({ entry, handles, changes, ...this.#plan.afterwards }),
        [run.nodeId],
        begin,
      );
    } catch (error) {
      if (journal.broken !== undefined) throw journal.broken.error;
      if (isStoreAway(error)) throw error;
      journal.undoTo(before);
      (this.#places ?? this.#plan).restore();
      return false;
    }
    emit({ type: "node.failed", ...run, ...namesOf(step), attempt, durationMs, failure, continues: true });
    failed.isPassedOver = true;
    this.#plan.reportSkipped();
    return true;
  }

  /**
   * Continues over the nodes that a crash has cut off and that must not start again, before any other node starts. Returns
   * the run's end if this is it.
   */
  async passOverCrashed(ends: RunEnds): Promise<RunEnd | undefined> {
    const { crashed, workflow } = this.#parts;
    for (const [at, { nodeId, attempt, failure }] of crashed.entries()) {
      const index = workflow.graph.indexOf.get(nodeId) as number;
      const [step, run] = [this.#plan.stepAt(index), this.#plan.runOf(index)];
      const entry = { ...run, nodeName: step.nodeName, attempt, durationMs: 0, error: failure };
      const left = crashed.slice(at + 1).map((each) => each.nodeId);
      if (await this.passOver({ index, step, run }, entry, left.length === 0 ? undefined : left)) continue;
      await ends.commitFailure(entry, { status: "failed" });
      const thrown = new WorkflowError("NODE_CRASHED", failure.message, {
        executionId: this.#parts.journal.executionId,
      });
      return ends.failed({ failure, thrown });
    }
    return crashed.length > 0 && this.hasEnded ? ends.completed() : undefined;
  }

  /** Commits checkpoints after which the plan is as it is now. That of the last node also completes the execution. */
  commit(
    composed: readonly ComposedCheckpoint[],
    nodeIds: readonly string[],
    begin: readonly string[] | undefined = this.#places?.begin(),
  ): Promise<void> {
    const { currentStep = 0 } = composed.at(-1)?.after ?? {};
    const totalSteps = currentStep + this.#plan.planner.open;
    const head: HeadUpdate = { totalSteps, ...this.mended(nodeIds) };
    if (this.hasEnded) {
      head.status = "completed";
      head.failure = null;
    }
    return this.#parts.journal.commitComposed(this.#withBegin(composed, begin), head);
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

  /** Names the nodes that may be in flight after the last checkpoint, unless it is the first one that is ready. */
  #withBegin(
    composed: readonly ComposedCheckpoint[],
    begin: readonly string[] | undefined,
  ): readonly ComposedCheckpoint[] {
    const last = composed.at(-1);
    if (begin === undefined || last === undefined) return composed;
    return [...composed.slice(0, -1), this.#parts.journal.withBegin(last, begin)];
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
