import { setImmediate as nextTurn } from "node:timers/promises";
import { Planner } from "../definition/planner.ts";
import { isWorkflowError, messageOf, WorkflowError } from "../errors.ts";
import { describeFailure } from "../state/failure.ts";
import type { Journal } from "../state/journal.ts";
import type { NodeEntry } from "../state/journal-entries.ts";
import type { JournalPoint } from "../state/journal-point.ts";
import type { NodeRun } from "../state/node-run.ts";
import { nextRun } from "../state/progress.ts";
import type { FailureRecord } from "../store/checkpoint-store.ts";
import { callExecutor } from "./call-executor.ts";
import { afterFailure, afterRefusal, beforeNode, resolveRetry, retryDelay } from "./decide.ts";
import { executorArgs } from "./executor-args.ts";
import { nodeFailure } from "./node-failure.ts";
import { type NodeOutcome, readResult } from "./node-outcome.ts";
import type { RunEnd, RunParts } from "./run-parts.ts";
import type { PreparedStep, PreparedWorkflow } from "./workflow-catalog.ts";

/** After so many milliseconds of nodes that never wait, timers and sockets get their turn. */
const YIELD_AFTER_MS = 20;

/**
 * Runs an execution's nodes, one after the other, until it ends or is stopped: the only place that does.
 *
 * - A node's checkpoint is committed before the next one starts (in `async` durability: before the one after that).
 * - Whatever a node returns, throws or suspends with is its success or its recorded failure, never a throw.
 *
 * @throws {WorkflowError} STORE_UNAVAILABLE, STORE_CLOSED, EXECUTION_NOT_FOUND
 */
export async function run(parts: RunParts): Promise<RunEnd> {
  try {
    return await new Run(parts).toEnd();
  } catch (error) {
    const what = isWorkflowError(error) ? afterRefusal(error.code) : "throw";
    if (what === "throw") throw error;
    if (what === "refused") throw refusedEnd(error as WorkflowError);
    const failure = describeFailure(error, { code: "LEASE_LOST" });
    parts.emit({ type: "execution.lost", failure });
    return { status: "lost", failure, thrown: error };
  }
}

/** A store that takes no record of how a run ends is of no use to it; why it does not is no fault of the caller's. */
function refusedEnd(cause: WorkflowError): WorkflowError {
  const message = `The store refused to keep how the run ended: ${cause.message} The execution can be resumed once its lease has lapsed.`;
  return new WorkflowError("STORE_UNAVAILABLE", message, { details: { refusedWith: cause.code }, cause });
}

/** The planner of an execution, with the nodes settled that have run. */
export function restorePlanner(workflow: PreparedWorkflow, { progress }: Pick<Journal, "progress">): Planner {
  const planner = new Planner(workflow.graph);
  for (const { nodeId, handles } of progress.ran) {
    const index = workflow.graph.indexOf.get(nodeId);
    if (index !== undefined) planner.settle(index, handles);
  }
  return planner;
}

/** One attempt of a node. */
interface Attempt {
  index: number;
  step: PreparedStep;
  run: NodeRun;
  attempt: number;
  attemptInRun: number;
  /** By `clock.elapsed()`. */
  startedMs: number;
  durationMs: number;
  /** The state that it began with. */
  before: JournalPoint;
  /** Its commit, in `async` durability while the next node runs already. */
  committed?: Promise<void>;
}

/** An attempt whose commit, made while the next node ran, was refused by the store. */
class RefusedLater {
  readonly attempt: Attempt;
  readonly error: unknown;

  constructor(attempt: Attempt, error: unknown) {
    this.attempt = attempt;
    this.error = error;
  }
}

/** To a thousandth of a millisecond: what is beyond that is noise, and text. */
function roundedMs(ms: number): number {
  return Math.round(ms * 1_000) / 1_000;
}

class Run {
  readonly #parts: RunParts;
  #planner: Planner;
  /** In `async` durability: the attempt whose commit is under way. */
  #unsettled: Attempt | undefined;

  constructor(parts: RunParts) {
    this.#parts = parts;
    this.#planner = restorePlanner(parts.workflow, parts.journal);
  }

  async toEnd(): Promise<RunEnd> {
    const { interrupts } = this.#parts;
    let yieldedMs = performance.now();
    for (;;) {
      if (performance.now() - yieldedMs > YIELD_AFTER_MS) {
        await nextTurn();
        yieldedMs = performance.now();
      }
      interrupts.checkDeadline();
      const index = this.#planner.next();
      const what = beforeNode({ ...this.#facts(), hasNext: index !== undefined });
      if (what === "run") {
        const end = await this.#runNode(index as number);
        if (end !== undefined) return end;
        continue;
      }
      if (what === "lost") throw interrupts.reason;
      const refused = await this.#settleEarlier();
      if (refused !== undefined) return this.#failLater(refused);
      if (what === "stop") return this.#stop();
      return what === "complete" ? this.#complete() : this.#failBefore(this.#stepAt(index as number));
    }
  }

  #facts() {
    const { interrupts, budgetMs } = this.#parts;
    return { interruption: interrupts.kind, elapsedMs: interrupts.elapsedMs, budgetMs };
  }

  #stepAt(index: number): PreparedStep {
    return this.#parts.workflow.steps[index] as PreparedStep;
  }

  /** Runs one node to the end of its attempts; returns the run's end if this is it. */
  async #runNode(index: number): Promise<RunEnd | undefined> {
    const { journal, emit, clock } = this.#parts;
    const step = this.#stepAt(index);
    const run = nextRun(journal.progress, step.node.id);
    for (let attemptInRun = 1; ; attemptInRun++) {
      const attempt = journal.nextAttempt(run.nodeId);
      emit({ type: "node.started", ...run, attempt, stepNumber: journal.currentStep + 1 });
      const { point: before } = journal;
      const startedMs = clock.elapsed();
      const made: Attempt = { index, step, run, attempt, attemptInRun, startedMs, durationMs: 0, before };
      try {
        const outcome = await this.#call(made);
        made.durationMs = roundedMs(clock.elapsed() - made.startedMs);
        if (outcome.kind === "suspended") return await this.#suspend(run, outcome.wakeAt);
        await this.#commit(made, outcome);
        return this.#planner.next() === undefined ? this.#completed() : undefined;
      } catch (error) {
        // What the journal cannot write any more is no failure of the node.
        if (journal.broken !== undefined) throw journal.broken.error;
        journal.undoTo(before);
        if (made.committed !== undefined) this.#planner = restorePlanner(this.#parts.workflow, journal);
        made.durationMs = roundedMs(clock.elapsed() - made.startedMs);
        const refused = error instanceof RefusedLater ? error : await this.#settleEarlier();
        const end = await (refused === undefined ? this.#afterFailure(made, error) : this.#failLater(refused));
        if (end !== undefined) return end;
      }
    }
  }

  async #call({ step, run, attempt }: Attempt): Promise<NodeOutcome> {
    const { clock, interrupts, nodeTimeoutMs } = this.#parts;
    const limits = { clock, interrupts, timeoutMs: step.node.timeoutMs ?? nodeTimeoutMs, nodeId: step.node.id };
    const result = await callExecutor(limits, (signal) =>
      step.run(executorArgs(this.#parts, { step, run, attempt, signal })),
    );
    return readResult(result, step.node.id);
  }

  /**
   * Makes a node's checkpoint, settles its edges and commits it; the last node's commit also completes the execution.
   *
   * - What is refused when the checkpoint is made has changed neither the state nor the plan.
   *
   * @throws what the result or its checkpoint is refused with; {RefusedLater} if the one before it is
   */
  async #commit(made: Attempt, outcome: Extract<NodeOutcome, { kind: "next" }>): Promise<void> {
    const { journal, workflow, durability, emit } = this.#parts;
    const { step, run, attempt, durationMs } = made;
    const { handles } = outcome;
    const entry = { ...run, nodeName: step.nodeName, attempt, durationMs, handles };
    const composed = journal.compose(entry, { isStep: true, change: outcome });
    const skippedBefore = this.#planner.skipped.length;
    this.#planner.settle(made.index, handles);
    const last = this.#planner.next() === undefined;
    const totalSteps = workflow.steps.length - this.#planner.skipped.length;
    const head = last ? ({ status: "completed", totalSteps, failure: null } as const) : { totalSteps };
    made.committed = journal.commitComposed([composed], head);
    if (durability === "async") {
      made.committed.catch(() => undefined);
      const refused = await this.#settleEarlier();
      if (refused !== undefined) throw refused;
    }
    if (durability === "sync" || last) await made.committed;
    else this.#unsettled = made;
    for (const skipped of this.#planner.skipped.slice(skippedBefore)) {
      emit({ type: "node.skipped", nodeId: this.#stepAt(skipped).node.id });
    }
    emit({ type: "node.completed", ...run, attempt, stepNumber: journal.currentStep, durationMs });
  }

  /** Waits for the commit that is under way; returns its attempt if the store refused it. */
  async #settleEarlier(): Promise<RefusedLater | undefined> {
    const earlier = this.#unsettled;
    if (earlier === undefined) return undefined;
    this.#unsettled = undefined;
    try {
      await earlier.committed;
      return undefined;
    } catch (error) {
      const { broken } = this.#parts.journal;
      if (broken !== undefined) throw broken.error;
      return new RefusedLater(earlier, error);
    }
  }

  /** Ends the run with a node whose commit was refused while the next one ran. Another attempt would be refused, too. */
  async #failLater({ attempt, error }: RefusedLater): Promise<RunEnd> {
    this.#parts.journal.undoTo(attempt.before);
    this.#planner = restorePlanner(this.#parts.workflow, this.#parts.journal);
    return (await this.#afterFailure({ ...attempt, attemptInRun: Number.POSITIVE_INFINITY }, error)) ?? this.#stop();
  }

  /** Writes a failed attempt; waits if there is to be another one, and returns the run's end if there is not. */
  async #afterFailure(failed: Attempt, error: unknown): Promise<RunEnd | undefined> {
    const { journal, interrupts, contextMode, emit } = this.#parts;
    const { step, run, attempt, attemptInRun, durationMs } = failed;
    const readOnlyContext = contextMode === "frozen" ? journal.context : undefined;
    const { record: failure, thrown } = nodeFailure(
      { nodeId: run.nodeId, nodeName: step.nodeName, attempts: attempt, readOnlyContext },
      error,
    );
    const policy = resolveRetry(step.node.retry, this.#parts.retry);
    const delayMs = retryDelay(policy, { code: failure.code, thrown, attemptsInRun: attemptInRun });
    const decision = afterFailure({ ...this.#facts(), delayMs });
    if (decision === "lost") throw interrupts.reason;
    // What an aborted node throws says nothing about the node: it counts as not run.
    if (decision === "stop" && interrupts.kind === "aborted") return this.#stop();
    const entry = { ...run, nodeName: step.nodeName, attempt, durationMs, error: failure };
    await this.#commitFailure(entry, decision === "fail");
    const retrying = decision === "retry" && delayMs !== undefined;
    emit({ type: "node.failed", ...run, attempt, failure, ...(retrying ? { retryInMs: delayMs } : {}) });
    if (decision === "fail") return this.#failed({ failure, thrown });
    if (decision === "stop") return this.#stop();
    await interrupts.sleep(delayMs ?? 0);
    if (interrupts.kind === "lost") throw interrupts.reason;
    if (interrupts.kind === "aborted") return this.#stop();
    return interrupts.kind === "timeout" ? this.#failBefore(step) : undefined;
  }

  /** Ends the run if its time is up before a node could start: that counts as an attempt of the node. */
  async #failBefore({ node, nodeName }: PreparedStep): Promise<RunEnd> {
    const { journal, interrupts } = this.#parts;
    const run = nextRun(journal.progress, node.id);
    const attempt = journal.nextAttempt(node.id);
    const { record: failure, thrown } = nodeFailure(
      { nodeId: node.id, nodeName, attempts: attempt },
      interrupts.reason,
    );
    await this.#commitFailure({ ...run, nodeName, attempt, durationMs: 0, error: failure }, true);
    return this.#failed({ failure, thrown });
  }

  /** Commits an error checkpoint; if the store refuses it, one that holds nothing but the code. */
  async #commitFailure(entry: NodeEntry & { error: FailureRecord }, isLast: boolean): Promise<void> {
    const { journal } = this.#parts;
    const commit = (error: FailureRecord) =>
      journal.commitError({ ...entry, error }, isLast ? { status: "failed", failure: error } : {});
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

  async #suspend(run: NodeRun, wakeAt: number | undefined): Promise<RunEnd> {
    const { journal, emit } = this.#parts;
    const refused = await this.#settleEarlier();
    if (refused !== undefined) throw refused;
    await journal.save({ status: "suspended", wakeAt: wakeAt ?? null });
    emit({ type: "execution.suspended", ...run, ...(wakeAt === undefined ? {} : { wakeAt }) });
    return { status: "suspended", wakeAt };
  }

  async #stop(): Promise<RunEnd> {
    await this.#parts.journal.save({ status: "pending" });
    this.#parts.emit({ type: "execution.stopped" });
    return { status: "pending" };
  }

  async #complete(): Promise<RunEnd> {
    await this.#parts.journal.save({ status: "completed", failure: null });
    return this.#completed();
  }

  #completed(): RunEnd {
    this.#parts.emit({ type: "execution.completed" });
    return { status: "completed" };
  }

  #failed({ failure, thrown }: Pick<Extract<RunEnd, { failure: unknown }>, "failure" | "thrown">): RunEnd {
    this.#parts.emit({ type: "execution.failed", failure });
    return { status: "failed", failure, thrown };
  }
}
