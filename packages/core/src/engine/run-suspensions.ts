import { listedWaits } from "../state/listed-waits.ts";
import type { NodeWait } from "../state/progress.ts";
import { isOfAnother } from "../state/token-owner.ts";
import type { HeadUpdate } from "../store/checkpoint-store.ts";
import type { Attempt } from "./attempt.ts";
import { beginWait } from "./begin-wait.ts";
import type { LivePlan } from "./live-plan.ts";
import { nodeNames } from "./node-names.ts";
import type { AskedSuspension, SuspendedOutcome } from "./node-outcome.ts";
import { namesOf } from "./prepared-workflow.ts";
import type { RunCommits } from "./run-commits.ts";
import type { RunEnds } from "./run-ends.ts";
import type { RunEnd, RunParts } from "./run-parts.ts";
import type { RunWaits } from "./run-waits.ts";
import { readSuspension } from "./suspension.ts";

/** What the suspensions of a run are written with. */
export interface SuspensionParts {
  run: RunParts;
  plan: LivePlan;
  waits: RunWaits;
  commits: RunCommits;
  ends: RunEnds;
}

/** Begins the waits of nodes, and suspends the execution once only waits are left. */
export class RunSuspensions {
  readonly #parts: SuspensionParts;

  constructor(parts: SuspensionParts) {
    this.#parts = parts;
  }

  /**
   * Commits the wait of a node that runs alone. If nothing else can run, the same commit suspends the execution. Returns
   * the run's end if this is it.
   */
  async begin({ index, step, run }: Attempt, asked: AskedSuspension | SuspendedOutcome): Promise<RunEnd | undefined> {
    const { plan, waits, commits, ends } = this.#parts;
    const { journal, emit } = this.#parts.run;
    const outcome = readSuspension(asked, run.nodeId);
    const { wait, head, waiting } = beginWait(this.#parts.run, run, outcome);
    const { context, changes } = outcome.change;
    if (context !== undefined) journal.replaceContext(context);
    if (changes !== undefined) journal.patchContext(changes);
    plan.planner.park(index);
    const isLast = plan.planner.next() === undefined && !waits.hasAnswers && !ends.isToCancel;
    const status = isLast ? this.#resting(waiting) : {};
    try {
      await journal.save({ ...head, ...commits.mended([run.nodeId]), ...status }, { waits: [wait] });
    } catch (error) {
      plan.planner.wake(index);
      throw error;
    }
    const { reason, untilMs } = wait;
    emit({
      type: "node.suspended",
      ...run,
      ...namesOf(step),
      ...(reason !== undefined && { reason }),
      ...(untilMs !== undefined && { untilMs }),
    });
    return isLast ? this.#suspended() : undefined;
  }

  /** Suspends an execution of which only waits are left. If an abort is to cancel it, cancels it. */
  async suspend(): Promise<RunEnd> {
    const { run, ends } = this.#parts;
    if (ends.isToCancel) return ends.stop();
    await run.journal.save(this.#resting(run.journal.progress.waiting.values()));
    return this.#suspended();
  }

  /**
   * Returns the head of an execution of which only waits are left: suspended.
   *
   * - One that waits for a child stays pending until `Children.afterRun` has looked at that child again: whatever happened
   *   to it before has told nobody. If the process dies in between, the execution is due after a lease.
   */
  #resting(waiting: Iterable<NodeWait>): HeadUpdate {
    const { journal, workflow, leaseMs } = this.#parts.run;
    const waits = [...waiting];
    const wakeAt = this.#parts.waits.wakeAt(waits);
    const isForChild = workflow.hasChildren && waits.some((wait) => isOfAnother(wait, journal.executionId));
    if (!isForChild) return { status: "suspended", wakeAt: wakeAt ?? null };
    return {
      status: "pending",
      wakeAt: Math.min(journal.storeNowAtMost() + leaseMs, wakeAt ?? Number.POSITIVE_INFINITY),
    };
  }

  #suspended(): RunEnd {
    const { journal, emit } = this.#parts.run;
    const wakeAt = this.#parts.waits.wakeAt();
    const waiting = listedWaits(journal.progress.waiting, nodeNames(this.#parts.run)).waiting ?? [];
    emit({
      type: "execution.suspended",
      waiting: waiting.map(({ nodeId, visit }) => ({ nodeId, visit })),
      ...(wakeAt === undefined ? {} : { wakeAt }),
    });
    return { status: "suspended", wakeAt, waiting };
  }
}
