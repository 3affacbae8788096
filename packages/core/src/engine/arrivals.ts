import { commitError } from "../state/commit-error.ts";
import type { ComposedCheckpoint } from "../state/journal-entries.ts";
import { mergeChange } from "../state/merge-change.ts";
import { MergeConflict } from "../state/merge-contexts.ts";
import type { RecordParts } from "../state/progress.ts";
import { withBegin } from "../state/with-begin.ts";
import { MAX_CHECKPOINTS } from "../store/arguments.ts";
import type { FailureRecord } from "../store/checkpoint-store.ts";
import { type ActiveNode, type Arrival, CommittedChanges } from "./active-nodes.ts";
import { beginWait } from "./begin-wait.ts";
import { earlierLook } from "./child-outcome.ts";
import { contextConflict } from "./context-conflict.ts";
import { refuseUndeclared } from "./declared-outputs.ts";
import { judgeFailure } from "./judge-failure.ts";
import type { LivePlan } from "./live-plan.ts";
import type { AskedSuspension, NextOutcome, SuspendedOutcome } from "./node-outcome.ts";
import type { Places } from "./places.ts";
import { namesOf } from "./prepared-workflow.ts";
import type { RunCommits } from "./run-commits.ts";
import type { RunEnds } from "./run-ends.ts";
import type { RunFailures } from "./run-failures.ts";
import type { RunEnd, RunParts } from "./run-parts.ts";
import { readSuspension } from "./suspension.ts";

/** An attempt that has completed. */
interface Completed {
  node: ActiveNode;
  outcome: NextOutcome;
}

/** The parts of a parallel run that its commits work with. */
export interface ArrivalParts {
  run: RunParts;
  plan: LivePlan;
  places: Places;
  ends: RunEnds;
  commits: RunCommits;
  failures: RunFailures;
  /** Starts a node that has a place. */
  start(node: ActiveNode): void;
}

/** Writes the ends of attempts of nodes that run side by side: results, waits and failures. */
export class Arrivals {
  readonly #parts: RunParts;
  readonly #plan: LivePlan;
  readonly #places: Places;
  readonly #commits: RunCommits;
  readonly #ends: RunEnds;
  readonly #failures: RunFailures;
  readonly #start: (node: ActiveNode) => void;
  readonly #committed = new CommittedChanges();
  /** The first failure for good. It ends the execution once no node is in flight. */
  failing: { failure: FailureRecord; thrown: unknown } | undefined;
  /** An attempt was cut off: by the caller's abort, or because a child has not ended. */
  isCutOff = false;
  /** The attempts that were cut off and whose numbers are used. */
  readonly #cutOff: { nodeId: string; attempt: number }[] = [];
  /** When to look again at the children that have not ended. Absent: at once. */
  lookAt: number | undefined;

  constructor({ run, plan, places, ends, commits, failures, start }: ArrivalParts) {
    this.#parts = run;
    this.#plan = plan;
    this.#commits = commits;
    this.#failures = failures;
    this.#places = places;
    this.#ends = ends;
    this.#start = start;
  }

  /** The attempts that were cut off, as whatever ends the run puts them on record: their numbers are not given again. */
  get used(): Pick<RecordParts, "attempts"> {
    return this.#cutOff.length === 0 ? {} : { attempts: this.#cutOff };
  }

  /** Commits what has arrived; returns the run's end if this is it. */
  async takeUp(arrivals: readonly Arrival[]): Promise<RunEnd | undefined> {
    const completed: Completed[] = [];
    for (const { node, outcome } of arrivals) if (outcome?.kind === "next") completed.push({ node, outcome });
    for (let at = 0; at < completed.length; at += MAX_CHECKPOINTS) {
      const end = await this.#commit(completed.slice(at, at + MAX_CHECKPOINTS));
      if (end !== undefined) return end;
    }
    for (const { node, outcome, failed } of arrivals) {
      const end =
        failed !== undefined
          ? await this.#fail(node, failed.error)
          : outcome?.kind === "suspended"
            ? await this.#suspend(node, outcome)
            : undefined;
      if (end !== undefined) return end;
    }
    return undefined;
  }

  /** Commits the results of nodes together. What cannot be merged or kept is the failure of its node. */
  async #commit(completed: readonly Completed[]): Promise<RunEnd | undefined> {
    const { journal } = this.#parts;
    const before = journal.point;
    const firstSeq = journal.newestSeq + 1;
    const failed: { node: ActiveNode; error: unknown }[] = [];
    const made: (Completed & { composed: ComposedCheckpoint })[] = [];
    for (const each of completed) {
      try {
        made.push({ ...each, composed: this.#compose(each, made.at(-1)?.composed, firstSeq + made.length) });
        this.#places.active.remove(each.node);
      } catch (error) {
        failed.push({ node: each.node, error });
        this.#places.restore();
        for (const { node, outcome } of made) this.#places.planner.settle(node.index, outcome.handles);
      }
    }
    if (made.length > 0) {
      const isLast = this.#commits.hasEnded;
      const chosen = isLast ? [] : this.#places.fill(journal.currentStep + made.length);
      try {
        const composed = made.map((each) => each.composed);
        await this.#commits.commit(
          withBegin(this.#parts.codec, composed, this.#places.begin()),
          made.map(({ node }) => node.run.nodeId),
        );
      } catch (error) {
        if (journal.broken !== undefined) throw journal.broken.error;
        journal.undoTo(before);
        for (const node of chosen) this.#places.active.remove(node);
        for (const { node } of made) this.#places.active.add(node);
        this.#places.restore();
        return this.#commitApart(made, failed, error);
      }
      this.#plan.reportSkipped();
      for (const [at, each] of made.entries()) this.#report(each, firstSeq + at);
      if (isLast) return this.#ends.completed();
      for (const node of chosen) if (node.retryAtMs === undefined) this.#start(node);
      this.#committed.forgetUpTo(this.#places.active.oldestGivenSeq());
    }
    for (const { node, error } of failed) {
      const end = await this.#fail(node, error);
      if (end !== undefined) return end;
    }
    return undefined;
  }

  /** Finds the result that the store refuses: commits each by itself, or fails the node of the only one. */
  async #commitApart(
    made: readonly Completed[],
    failed: readonly { node: ActiveNode; error: unknown }[],
    error: unknown,
  ): Promise<RunEnd | undefined> {
    const [only, ...others] = made;
    if (only !== undefined && others.length === 0) {
      const end = await this.#fail(only.node, error);
      if (end !== undefined) return end;
    } else {
      for (const each of made) {
        const end = await this.#commit([each]);
        if (end !== undefined) return end;
      }
    }
    for (const each of failed) {
      const end = await this.#fail(each.node, each.error);
      if (end !== undefined) return end;
    }
    return undefined;
  }

  /** Emits the events of a node that is committed, and notes its change of the context. */
  #report({ node, outcome, composed }: Completed & { composed: ComposedCheckpoint }, seq: number): void {
    this.#commits.reportCompleted(node, outcome, composed.after.currentStep);
    this.#committed.add({ seq, run: node.run, before: composed.before.context, after: composed.after.context });
  }

  /** Merges the result of a node into the context, settles its edges, and makes its checkpoint. */
  #compose({ node, outcome }: Completed, previous: ComposedCheckpoint | undefined, seq: number): ComposedCheckpoint {
    const { journal, codec } = this.#parts;
    const { index, run, step, attempt, durationMs, given, givenSeq } = node;
    const { handles } = outcome;
    if (handles) refuseUndeclared(step.run, step.node, handles);
    const on = previous?.after;
    const current = on?.context ?? journal.context;
    const change = this.#merged(node, () => mergeChange(codec, { given, current }, outcome));
    this.#places.planner.settle(index, handles);
    return journal.compose(
      { ...run, nodeName: step.nodeName, attempt, durationMs, handles },
      {
        ...{ isStep: true, change, on },
        ...this.#plan.afterwards,
        given: givenSeq === seq - 1 ? undefined : givenSeq,
      },
    );
  }

  #merged<T>({ run, givenSeq }: ActiveNode, merge: () => T): T {
    try {
      return merge();
    } catch (error) {
      if (!(error instanceof MergeConflict)) throw error;
      throw contextConflict(run, this.#committed.lastOf(error.path, givenSeq), error.path);
    }
  }

  /** Commits the wait of a node. */
  async #suspend(node: ActiveNode, outcome: AskedSuspension | SuspendedOutcome): Promise<RunEnd | undefined> {
    const { journal, emit, codec } = this.#parts;
    const { run, step, given } = node;
    const before = journal.point;
    try {
      const suspension = readSuspension(outcome, run.nodeId);
      const { wait, head } = beginWait(this.#parts, run, suspension);
      const change = this.#merged(node, () =>
        mergeChange(codec, { given, current: journal.context }, suspension.change),
      );
      if (change.context !== undefined) journal.replaceContext(change.context);
      if (change.changes !== undefined) journal.patchContext(change.changes);
      this.#places.active.remove(node);
      const begin = this.#places.begin();
      await journal.save(
        { ...head, ...this.#commits.mended([run.nodeId]) },
        { waits: [wait], ...(begin === undefined ? {} : { begin }) },
      );
      const { reason, untilMs } = wait;
      const times = { ...(reason !== undefined && { reason }), ...(untilMs !== undefined && { untilMs }) };
      emit({ type: "node.suspended", ...run, ...namesOf(step), ...times });
      return undefined;
    } catch (error) {
      if (journal.broken !== undefined) throw journal.broken.error;
      journal.undoTo(before);
      this.#places.active.add(node);
      return this.#fail(node, error);
    }
  }

  /** Writes a failed attempt; returns the run's end if this is it. */
  async #fail(node: ActiveNode, error: unknown): Promise<RunEnd | undefined> {
    const { journal, interrupts, emit } = this.#parts;
    if (journal.broken !== undefined) throw journal.broken.error;
    const { step, run, attempt, durationMs, given } = node;
    const isFinal = this.failing !== undefined;
    const judged = judgeFailure(this.#parts, { step, run, attempt, given }, error, { isFinal });
    const { failure, thrown, failures, delayMs, atMs, decision, lookAt, used } = judged;
    if (decision === "lost") throw interrupts.reason;
    if (decision === "cut off") {
      this.lookAt = this.isCutOff ? earlierLook(this.lookAt, lookAt) : lookAt;
      this.isCutOff = true;
      this.#cutOff.push(...used);
      this.#places.close();
      this.#places.free(node);
      return undefined;
    }
    const entry = { ...run, nodeName: step.nodeName, attempt, durationMs, error: failure };
    if (decision === "pass over") {
      this.#places.active.remove(node);
      if (await this.#failures.passOver(node, entry))
        return this.#commits.hasEnded ? this.#ends.completed() : undefined;
    }
    if (decision !== "retry" || delayMs === undefined) {
      this.#places.free(node);
      const begin = this.#places.begin();
      const parts = begin === undefined ? {} : { begin };
      const isLast = this.#places.active.size === 0 && !this.#places.active.hasArrivals && !this.isCutOff;
      if (this.failing === undefined && isLast) {
        await this.#failures.commit(entry, { status: "failed" });
      } else if (this.failing === undefined) await this.#failures.commit(entry, {}, parts);
      else await commitError(journal, entry, { parts });
      emit({ type: "node.failed", ...run, ...namesOf(step), attempt, durationMs, failure });
      if (journal.status === "failed") return this.#failures.end({ failure, thrown });
      this.failing ??= { failure, thrown };
      this.#places.close();
      return undefined;
    }
    const begin = this.#places.begin();
    await this.#failures.commit(
      entry,
      { wakeAt: atMs },
      { retry: { nodeId: run.nodeId, atMs, failures }, ...(begin === undefined ? {} : { begin }) },
    );
    emit({ type: "node.failed", ...run, ...namesOf(step), attempt, durationMs, failure, retryInMs: delayMs });
    node.retryAtMs = atMs;
    return undefined;
  }
}
