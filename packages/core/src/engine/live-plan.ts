import type { Planner } from "../definition/planner.ts";
import type { NodeRun } from "../state/node-run.ts";
import type { PresentRuns } from "../state/progress.ts";
import { withoutPositions } from "./loop-positions.ts";
import { namesOf, type PreparedStep } from "./prepared-workflow.ts";
import { presentRuns, restorePlanner } from "./restored-planner.ts";
import type { RunParts } from "./run-parts.ts";

/** The plan of one run: a planner that follows what the run's journal holds. */
export class LivePlan {
  readonly #parts: RunParts;
  #planner: Planner;
  /** The number of skipped nodes that were reported, by this run or an earlier one. */
  #reportedCount: number;

  constructor(parts: RunParts) {
    this.#parts = parts;
    this.#planner = restorePlanner(parts.workflow, parts.journal);
    this.#reportedCount = parts.journal.currentStep === 0 ? 0 : this.#planner.skipped.length;
  }

  get planner(): Planner {
    return this.#planner;
  }

  /** Makes the plan anew after the journal was undone. */
  restore(): void {
    this.#planner = restorePlanner(this.#parts.workflow, this.#parts.journal);
  }

  stepAt(index: number): PreparedStep {
    return this.#parts.workflow.steps[index] as PreparedStep;
  }

  /** Returns the run of a node that comes next. */
  runOf(index: number): NodeRun {
    return { nodeId: this.stepAt(index).node.id, visit: this.#planner.visits(index) + 1 };
  }

  /** Returns the time of the next attempt if the nodes that run next all wait for one; `undefined` if one may start. */
  restsUntil(): number | undefined {
    const { journal, nodeConcurrency } = this.#parts;
    const ready: number[] = [];
    while (ready.length < nodeConcurrency) {
      const index = this.#planner.next();
      if (index === undefined) break;
      ready.push(index);
      this.#planner.park(index);
    }
    for (const index of ready) this.#planner.wake(index);
    const attempts = ready.map((index) => journal.progress.attempts.get(this.stepAt(index).node.id));
    const times = attempts.flatMap((attempt) => attempt?.retryAtMs ?? []);
    return ready.length === 0 || times.length < ready.length ? undefined : Math.min(...times);
  }

  /** What of the runs so far still counts, for a snapshot. */
  present(): PresentRuns | undefined {
    const { workflow, journal } = this.#parts;
    return presentRuns(workflow.plans, this.#planner, journal.progress.start);
  }

  /** What of the plan the checkpoint of a settled node is made with. */
  readonly afterwards = {
    present: () => this.present(),
    cleared: (context: Record<string, unknown>) => this.cleared(context),
  };

  /** Returns a context without what the loops have kept in it that have ended since the last call; `undefined` if nothing. */
  cleared(context: Record<string, unknown>): Record<string, unknown> | undefined {
    const ended = this.#planner.takeEndedEntries();
    return ended.length === 0
      ? undefined
      : withoutPositions(
          context,
          ended.map((index) => this.stepAt(index).node.id),
        );
  }

  /** Emits an event for each node that is certain never to run, once. */
  reportSkipped(): void {
    const { skipped } = this.#planner;
    for (; this.#reportedCount < skipped.length; this.#reportedCount++) {
      const step = this.stepAt(skipped[this.#reportedCount] as number);
      this.#parts.emit({ type: "node.skipped", nodeId: step.node.id, ...namesOf(step) });
    }
  }
}
