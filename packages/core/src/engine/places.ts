import type { Planner } from "../definition/planner.ts";
import { type ActiveNode, ActiveNodes } from "./active-nodes.ts";
import { beforeNode, startsOnce } from "./decide.ts";
import type { LivePlan } from "./live-plan.ts";
import type { PreparedStep } from "./prepared-workflow.ts";
import { limitFacts } from "./run-limits.ts";
import type { RunParts } from "./run-parts.ts";

/** The places of a run: up to `nodeConcurrency` nodes have one, and each was ready when it got it. */
export class Places {
  readonly active = new ActiveNodes();
  readonly #parts: RunParts;
  readonly #plan: LivePlan;
  #isClosed = false;

  constructor(parts: RunParts, plan: LivePlan) {
    this.#parts = parts;
    this.#plan = plan;
  }

  get planner(): Planner {
    return this.#plan.planner;
  }

  /** True if no node gets a place any more: one has failed for good, or was cut off. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** True if a node has a place, or none may get one. */
  get isInUse(): boolean {
    return this.#isClosed || this.active.size > 0;
  }

  /** Gives no place to any further node. */
  close(): void {
    this.#isClosed = true;
  }

  /** Returns true if a node may start now. */
  mayStart(): boolean {
    return !this.#isClosed && beforeNode({ ...limitFacts(this.#parts), hasNext: true, isWaiting: false }) === "run";
  }

  /**
   * Gives free places to nodes that are ready, the one that is defined first in front. They have not started.
   *
   * - `ranCount`: the number of nodes that have run by then.
   */
  fill(ranCount: number): ActiveNode[] {
    const chosen: ActiveNode[] = [];
    const { nodeConcurrency, journal, maxNodeRuns } = this.#parts;
    if (!this.mayStart()) return chosen;
    const limit = Math.min(nodeConcurrency, maxNodeRuns - ranCount);
    while (this.active.size < limit) {
      const index = this.planner.next();
      if (index === undefined) break;
      this.planner.park(index);
      const step = this.#plan.stepAt(index);
      const run = this.#plan.runOf(index);
      const { retryAtMs } = journal.progress.attempts.get(run.nodeId) ?? {};
      const times = { attempt: 0, given: {}, givenSeq: 0, startedMs: 0, durationMs: 0 };
      const node: ActiveNode = { index, step, run, retryAtMs, ...times };
      this.active.add(node);
      chosen.push(node);
    }
    return chosen;
  }

  /** Takes the place of a node that has not completed. It is ready again, as it is for a reader of the records. */
  free(node: ActiveNode): void {
    this.active.remove(node);
    this.planner.wake(node.index);
  }

  /** The ids of the nodes that have a place; `undefined` if they are what a reader assumes: the first that is ready. */
  begin(): readonly string[] | undefined {
    const { ids } = this.active;
    return ids.length === 0 || (ids.length === 1 && this.assumed().includes(ids[0] as string)) ? undefined : ids;
  }

  /** The ids of the nodes that a reader takes to be in flight if no record says so. */
  assumed(): readonly string[] {
    const { node } = this.#first() ?? {};
    return node === undefined || startsOnce(node.retry, this.#parts.retry) ? [] : [node.id];
  }

  /** The first node that is ready, those that have a place included. */
  #first(): PreparedStep | undefined {
    const index = Math.min(...this.active.indexes, this.planner.next() ?? Number.POSITIVE_INFINITY);
    return Number.isFinite(index) ? this.#plan.stepAt(index) : undefined;
  }

  /** Makes the plan anew from what is on record. The nodes that have a place keep it. */
  restore(): void {
    this.#plan.restore();
    for (const index of this.active.indexes) this.planner.park(index);
  }
}
