import { isStoreAway, messageOf, WorkflowError } from "../errors.ts";
import { commitError } from "../state/commit-error.ts";
import type { NodeEntry } from "../state/journal-entries.ts";
import { composePassedOver } from "../state/pass-over.ts";
import { nextRun, type RecordParts } from "../state/progress.ts";
import { withBegin } from "../state/with-begin.ts";
import type { FailureRecord, HeadUpdate } from "../store/checkpoint-store.ts";
import { quoted } from "../text.ts";
import type { Attempt } from "./attempt.ts";
import { outputsAfterFailure, shownFailure } from "./error-policy.ts";
import type { LivePlan } from "./live-plan.ts";
import { nodeFailure } from "./node-failure.ts";
import type { Places } from "./places.ts";
import { namesOf, type PreparedStep } from "./prepared-workflow.ts";
import type { RunCommits } from "./run-commits.ts";
import type { RunEnds } from "./run-ends.ts";
import type { RunEnd, RunParts } from "./run-parts.ts";

/** A node whose last attempt has failed. */
type PassedNode = Pick<Attempt, "index" | "step" | "run" | "isPassedOver">;

/** What the failures of a run are written with. */
export interface RunFailuresParts {
  run: RunParts;
  plan: LivePlan;
  commits: RunCommits;
  ends: RunEnds;
  /** The places of the nodes that run side by side, if more than one may. */
  places?: Places;
}

/**
 * The failures of a run: each is written, emitted as an event, and ends the run, or the execution continues over it.
 *
 * - Loaded with a run's first failure: most runs have none.
 */
export class RunFailures {
  protected readonly parts: RunFailuresParts;

  constructor(parts: RunFailuresParts) {
    this.parts = parts;
  }

  /** Ends the run before a node could start, because its time is up or for `error`. It counts as an attempt of the node. */
  async failBefore(
    { node, nodeName }: PreparedStep,
    error: unknown = this.parts.run.interrupts.reason,
  ): Promise<RunEnd> {
    const { journal } = this.parts.run;
    const run = nextRun(journal.progress, node.id);
    const attempt = journal.nextAttempt(node.id);
    const { record: failure, thrown } = nodeFailure({ nodeId: node.id, nodeName, attempts: attempt }, error);
    await this.commit({ ...run, nodeName, attempt, durationMs: 0, error: failure }, { status: "failed" });
    return this.end({ failure, thrown });
  }

  /** Ends the run before the node run that would be one too many. */
  failAtLimit(step: PreparedStep): Promise<RunEnd> {
    const { maxNodeRuns, workflow } = this.parts.run;
    const message =
      `Node ${quoted(step.node.id)} of workflow ${quoted(workflow.id)} does not start: ${maxNodeRuns} nodes have run, which is the limit (maxNodeRuns). ` +
      "If a loop does not run for ever, raise the limit and resume.";
    return this.failBefore(step, new WorkflowError("NODE_RUN_LIMIT", message, { details: { maxNodeRuns } }));
  }

  /** Commits an error checkpoint; if the store refuses it, one that holds nothing but the code. */
  async commit(entry: NodeEntry & { error: FailureRecord }, head: HeadUpdate, parts: RecordParts = {}): Promise<void> {
    const { journal } = this.parts.run;
    // The wait for this attempt is over, and there is no other.
    const rested = head.status === "failed" && journal.failure !== undefined ? { wakeAt: null } : {};
    const commit = (error: FailureRecord) =>
      commitError(journal, { ...entry, error }, { head: { ...head, ...rested, failure: error }, parts });
    try {
      await commit(entry.error);
    } catch (refusal) {
      if (journal.broken !== undefined) throw journal.broken.error;
      const { code, nodeId, attempts } = entry.error;
      const message = `The store refused to keep the failure: ${messageOf(refusal)}`;
      await commit({
        code,
        message,
        ...(nodeId === undefined ? {} : { nodeId }),
        ...(attempts === undefined ? {} : { attempts }),
      });
    }
  }

  /** Ends the run with a failure that is on record. */
  end({ failure, thrown }: Pick<Extract<RunEnd, { thrown: unknown }>, "failure" | "thrown">): RunEnd {
    this.parts.run.emit({ type: "execution.failed", failure });
    return { status: "failed", failure, thrown };
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
    const { journal, workflow, emit, codec } = this.parts.run;
    const { index, step, run } = failed;
    const { attempt, durationMs, error: failure } = entry;
    const before = journal.point;
    try {
      const handles = outputsAfterFailure(workflow.graph, index);
      this.parts.plan.planner.settle(index, handles);
      const changes = { error: shownFailure(run, step, failure) };
      const composed = composePassedOver(journal, { entry, handles, changes, ...this.parts.plan.afterwards });
      await this.parts.commits.commit(withBegin(codec, composed, begin ?? this.parts.places?.begin()), [run.nodeId]);
    } catch (error) {
      if (journal.broken !== undefined) throw journal.broken.error;
      if (isStoreAway(error)) throw error;
      journal.undoTo(before);
      (this.parts.places ?? this.parts.plan).restore();
      return false;
    }
    emit({ type: "node.failed", ...run, ...namesOf(step), attempt, durationMs, failure, continues: true });
    failed.isPassedOver = true;
    this.parts.plan.reportSkipped();
    return true;
  }

  /**
   * Continues over the nodes that a crash has cut off and that must not start again, before any other node starts. Returns
   * the run's end if this is it.
   */
  async passOverCrashed(): Promise<RunEnd | undefined> {
    const { crashed, workflow, journal } = this.parts.run;
    for (const [at, { nodeId, attempt, failure }] of crashed.entries()) {
      const index = workflow.graph.indexOf.get(nodeId) as number;
      const [step, run] = [this.parts.plan.stepAt(index), this.parts.plan.runOf(index)];
      const entry = { ...run, nodeName: step.nodeName, attempt, durationMs: 0, error: failure };
      const left = crashed.slice(at + 1).map((each) => each.nodeId);
      if (await this.passOver({ index, step, run }, entry, left.length === 0 ? undefined : left)) continue;
      await this.commit(entry, { status: "failed" });
      const thrown = new WorkflowError("NODE_CRASHED", failure.message, { executionId: journal.executionId });
      return this.end({ failure, thrown });
    }
    return crashed.length > 0 && this.parts.commits.hasEnded ? this.parts.ends.completed() : undefined;
  }
}
