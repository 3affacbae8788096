import { messageOf, WorkflowError } from "../errors.ts";
import type { NodeEntry } from "../state/journal-entries.ts";
import { type NodeWait, nextRun, type RecordParts } from "../state/progress.ts";
import { isOfAnother } from "../state/wait-token.ts";
import { listedWaits } from "../state/waiting.ts";
import type { FailureRecord, HeadUpdate } from "../store/checkpoint-store.ts";
import { quoted } from "../text.ts";
import { cancellation } from "./cancellation.ts";
import type { RunEnd, RunParts } from "./run-parts.ts";
import { nodeNames, type RunWaits } from "./run-waits.ts";
import type { PreparedStep } from "./workflow-catalog.ts";

/** The ways in which a run ends. Each one is written, emitted as an event, and returned. */
export class RunEnds {
  readonly #parts: RunParts;
  readonly #waits: RunWaits;

  constructor(parts: RunParts, waits: RunWaits) {
    this.#parts = parts;
    this.#waits = waits;
  }

  /** Ends the run before a node could start, because its time is up or for `error`. It counts as an attempt of the node. */
  async failBefore({ node, nodeName }: PreparedStep, error: unknown = this.#parts.interrupts.reason): Promise<RunEnd> {
    const { journal } = this.#parts;
    const run = nextRun(journal.progress, node.id);
    const attempt = journal.nextAttempt(node.id);
    const { nodeFailure } = await import("./node-failure.ts");
    const { record: failure, thrown } = nodeFailure({ nodeId: node.id, nodeName, attempts: attempt }, error);
    await this.commitFailure({ ...run, nodeName, attempt, durationMs: 0, error: failure }, { status: "failed" });
    return this.failed({ failure, thrown });
  }

  /** Ends the run before the node run that would be one too many. */
  failAtLimit(step: PreparedStep): Promise<RunEnd> {
    const { maxNodeRuns, workflow } = this.#parts;
    const message =
      `Node ${quoted(step.node.id)} of workflow ${quoted(workflow.id)} does not start: ${maxNodeRuns} nodes have run, which is the limit (maxNodeRuns). ` +
      "If a loop does not run for ever, raise the limit and resume.";
    return this.failBefore(step, new WorkflowError("NODE_RUN_LIMIT", message, { details: { maxNodeRuns } }));
  }

  /** Commits an error checkpoint; if the store refuses it, one that holds nothing but the code. */
  async commitFailure(
    entry: NodeEntry & { error: FailureRecord },
    head: HeadUpdate,
    parts: RecordParts = {},
  ): Promise<void> {
    const { journal } = this.#parts;
    // The wait for this attempt is over, and there is no other.
    const rested = head.status === "failed" && journal.failure !== undefined ? { wakeAt: null } : {};
    const commit = (error: FailureRecord) =>
      journal.commitError({ ...entry, error }, { ...head, ...rested, failure: error }, parts);
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

  /** True if the caller has aborted the run and wants this to cancel the execution. */
  get isToCancel(): boolean {
    const { interrupts, onAbort } = this.#parts;
    return interrupts.isCallersAbort && onAbort === "cancel";
  }

  /** Returns the time at which a waiting execution is due: the given time, or its deadline or a wait's end if that is earlier. */
  dueAt(wakeAt: number): number {
    return Math.min(wakeAt, this.#waits.wakeAt() ?? wakeAt);
  }

  async suspend(): Promise<RunEnd> {
    if (this.isToCancel) return this.stop();
    await this.#parts.journal.save(this.resting(this.#parts.journal.progress.waiting.values()));
    return this.suspended();
  }

  /**
   * Returns the head of an execution of which only waits are left: suspended.
   *
   * - One that waits for a child stays pending until `Children.afterRun` has looked at that child again: whatever happened
   *   to it before has told nobody. If the process dies in between, the execution is due after a lease.
   */
  resting(waiting: Iterable<NodeWait>): HeadUpdate {
    const { journal, workflow, leaseMs } = this.#parts;
    const waits = [...waiting];
    const wakeAt = this.#waits.wakeAt(waits);
    const isForChild = workflow.hasChildren && waits.some((wait) => isOfAnother(wait, journal.executionId));
    if (!isForChild) return { status: "suspended", wakeAt: wakeAt ?? null };
    return {
      status: "pending",
      wakeAt: Math.min(journal.storeNowAtMost() + leaseMs, wakeAt ?? Number.POSITIVE_INFINITY),
    };
  }

  suspended(): RunEnd {
    const { journal, emit } = this.#parts;
    const wakeAt = this.#waits.wakeAt();
    const waiting = listedWaits(journal.progress.waiting, nodeNames(this.#parts)).waiting ?? [];
    emit({
      type: "execution.suspended",
      waiting: waiting.map(({ nodeId, visit }) => ({ nodeId, visit })),
      ...(wakeAt === undefined ? {} : { wakeAt }),
    });
    return { status: "suspended", wakeAt, waiting };
  }

  /** Gives the execution back as pending, due at `wakeAt` (default: at once). If an abort is to cancel it, cancels it. */
  async stop({
    wakeAt: at,
    attempts,
  }: Pick<RecordParts, "attempts"> & { wakeAt?: number | undefined } = {}): Promise<RunEnd> {
    const { journal, emit } = this.#parts;
    const parts: RecordParts = attempts === undefined ? {} : { attempts };
    if (this.isToCancel) {
      const failure = cancellation("its run was aborted");
      await journal.save({ status: "cancelled", failure, wakeAt: null, ...NO_WAITS }, parts);
      emit({ type: "execution.cancelled", failure });
      return { status: "cancelled", failure };
    }
    const { failure } = journal;
    const wakeAt = at === undefined ? undefined : this.dueAt(at);
    const time = wakeAt === undefined ? { wakeInMs: 0 } : { wakeAt, ...(failure === undefined ? {} : { failure }) };
    await journal.save({ status: "pending", ...time }, parts);
    return this.stopped(wakeAt === undefined ? {} : { wakeAt, ...(failure === undefined ? {} : { failure }) });
  }

  stopped(end: { wakeAt?: number; failure?: FailureRecord }): RunEnd {
    const { wakeAt } = end;
    this.#parts.emit({ type: "execution.stopped", ...(wakeAt === undefined ? {} : { wakeAt }) });
    return { status: "pending", ...end };
  }

  async complete(): Promise<RunEnd> {
    await this.#parts.journal.save({ status: "completed", failure: null });
    return this.completed();
  }

  completed(): RunEnd {
    this.#parts.emit({ type: "execution.completed" });
    return { status: "completed" };
  }

  failed({ failure, thrown }: Pick<Extract<RunEnd, { thrown: unknown }>, "failure" | "thrown">): RunEnd {
    this.#parts.emit({ type: "execution.failed", failure });
    return { status: "failed", failure, thrown };
  }
}

/** An execution that has ended waits for nothing. */
export const NO_WAITS = { waiting: null, waitingCount: null } as const;
