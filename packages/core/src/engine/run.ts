import { setImmediate as nextTurn } from "node:timers/promises";
import type { Clock } from "../clock.ts";
import { Planner } from "../definition/planner.ts";
import type { RetryPolicy } from "../definition/schema.ts";
import { isWorkflowError } from "../errors.ts";
import type { ContextMode, ContextValues } from "../state/context-values.ts";
import { describeFailure } from "../state/failure.ts";
import type { Journal } from "../state/journal.ts";
import type { FailureRecord } from "../store/checkpoint-store.ts";
import { callExecutor } from "./call-executor.ts";
import { afterFailure, beforeNode, resolveRetry, retryDelay } from "./decide.ts";
import type { EventDraft } from "./events.ts";
import { executorArgs } from "./executor-args.ts";
import type { Interrupts } from "./interrupts.ts";
import { type NodeOutcome, nodeFailure, readResult, takeOver } from "./node-outcome.ts";
import type { PreparedStep, PreparedWorkflow } from "./workflow-catalog.ts";

/** Everything one run works with. */
export interface RunContext {
  workflow: PreparedWorkflow;
  journal: Journal;
  values: ContextValues;
  contextMode: ContextMode;
  clock: Clock;
  interrupts: Interrupts;
  retry: RetryPolicy | undefined;
  nodeTimeoutMs: number | undefined;
  /** Milliseconds since the epoch. */
  budgetEndsMs: number | undefined;
  durability: "sync" | "async";
  emit: (event: EventDraft) => void;
}

/** How a run's loop ended. */
export type RunEnd =
  | { status: "completed" | "pending" | "suspended" }
  | { status: "failed" | "lost"; failure: FailureRecord; thrown: unknown };

/** Codes with which a store says that the execution is another owner's now. */
const LOST = new Set(["LEASE_LOST", "VERSION_CONFLICT", "INVALID_STATUS"]);

/** After so many milliseconds of nodes that never wait, timers and sockets get their turn. */
const YIELD_AFTER_MS = 20;

/**
 * Runs an execution's nodes, one after the other, until it ends or is stopped: the only place that does.
 *
 * - A node's checkpoint is committed before the next one starts (in `async` durability: before the one after that).
 *
 * @throws {WorkflowError} STORE_UNAVAILABLE, STORE_CLOSED, EXECUTION_NOT_FOUND
 */
export async function run(context: RunContext): Promise<RunEnd> {
  try {
    return await new Run(context).toEnd();
  } catch (error) {
    if (!isWorkflowError(error) || !LOST.has(error.code)) throw error;
    const failure = describeFailure(error, { code: "LEASE_LOST" });
    context.emit({ type: "execution.lost", failure });
    return { status: "lost", failure, thrown: error };
  }
}

/** The planner of an execution, with the nodes settled that have run. */
export function restorePlanner(workflow: PreparedWorkflow, journal: Pick<Journal, "ran">): Planner {
  const planner = new Planner(workflow.graph);
  for (const { nodeId, handles } of journal.ran) {
    const index = workflow.graph.indexOf.get(nodeId);
    if (index !== undefined) planner.settle(index, handles);
  }
  return planner;
}

class Run {
  readonly #context: RunContext;
  readonly #planner: Planner;

  constructor(context: RunContext) {
    this.#context = context;
    this.#planner = restorePlanner(context.workflow, context.journal);
  }

  async toEnd(): Promise<RunEnd> {
    const { workflow, interrupts, clock, budgetEndsMs } = this.#context;
    let yieldedMs = performance.now();
    for (;;) {
      if (performance.now() - yieldedMs > YIELD_AFTER_MS) {
        await nextTurn();
        yieldedMs = performance.now();
      }
      interrupts.checkDeadline();
      const index = this.#planner.next();
      const facts = { interruption: interrupts.kind, hasNext: index !== undefined, nowMs: clock.now(), budgetEndsMs };
      switch (beforeNode(facts)) {
        case "lost":
          throw interrupts.reason;
        case "stop":
          return this.#stop();
        case "complete":
          return this.#complete();
        case "fail":
          return this.#failBefore(workflow.steps[index as number] as PreparedStep);
        case "run": {
          const end = await this.#runNode(index as number);
          if (end !== undefined) return end;
        }
      }
    }
  }

  /** Runs one node to the end of its attempts; gives the run's end, where this is it. */
  async #runNode(index: number): Promise<RunEnd | undefined> {
    const { journal, workflow, clock, emit } = this.#context;
    const step = workflow.steps[index] as PreparedStep;
    const attemptsBefore = journal.attempts.get(step.node.id) ?? 0;
    for (let attemptInRun = 1; ; attemptInRun++) {
      const attempt = attemptsBefore + attemptInRun;
      const startedMs = clock.now();
      emit({ type: "node.started", nodeId: step.node.id, attempt, stepNumber: journal.currentStep + 1 });
      const undo = journal.mark();
      let outcome: NodeOutcome;
      let committed: Promise<void> | undefined;
      let durationMs = 0;
      try {
        outcome = await this.#call(step, attempt);
        durationMs = clock.now() - startedMs;
        if (outcome.kind === "next") {
          takeOver(journal, outcome);
          committed = this.#commit(index, { attempt, durationMs, handles: outcome.handles });
        }
      } catch (error) {
        undo();
        const failed = { attempt, attemptInRun, durationMs: clock.now() - startedMs };
        const end = await this.#afterFailure(step, failed, error);
        if (end === undefined) continue;
        return end;
      }
      if (outcome.kind === "suspended") return this.#suspend(step.node.id, outcome.wakeAt);
      await committed;
      emit({ type: "node.completed", nodeId: step.node.id, attempt, stepNumber: journal.currentStep, durationMs });
      return this.#planner.next() === undefined ? this.#completed() : undefined;
    }
  }

  async #call(step: PreparedStep, attempt: number): Promise<NodeOutcome> {
    const { clock, interrupts, nodeTimeoutMs } = this.#context;
    const limits = { clock, interrupts, timeoutMs: step.node.timeoutMs ?? nodeTimeoutMs, nodeId: step.node.id };
    const result = await callExecutor(limits, (signal) => step.run(executorArgs(this.#context, step, attempt, signal)));
    return readResult(result, step.node.id);
  }

  /**
   * Settles a node's edges and commits its checkpoint; the last node's commit also completes the execution.
   *
   * @throws at once where the checkpoint is too large for the store: a failure of the node, not of the store
   */
  #commit(
    index: number,
    done: { attempt: number; durationMs: number; handles: readonly string[] | undefined },
  ): Promise<void> {
    const { journal, workflow, durability, emit } = this.#context;
    const { node, nodeName } = workflow.steps[index] as PreparedStep;
    const before = durability === "async" ? journal.settled() : undefined;
    before?.catch(() => undefined);
    const skippedBefore = this.#planner.skipped.length;
    this.#planner.settle(index, done.handles);
    const last = this.#planner.next() === undefined;
    const totalSteps = workflow.steps.length - this.#planner.skipped.length;
    const head = last ? ({ status: "completed", totalSteps, failure: null } as const) : { totalSteps };
    journal.currentStep++;
    const committed = journal.commitNode({ nodeId: node.id, nodeName, ...done }, head);
    for (const skipped of this.#planner.skipped.slice(skippedBefore)) {
      emit({ type: "node.skipped", nodeId: workflow.steps[skipped]?.node.id ?? "" });
    }
    if (before === undefined || last) return committed;
    committed.catch(() => undefined);
    return before;
  }

  /** Writes a failed attempt; waits where there is to be another one, and gives the run's end where there is not. */
  async #afterFailure(
    step: PreparedStep,
    failed: { attempt: number; attemptInRun: number; durationMs: number },
    thrown: unknown,
  ): Promise<RunEnd | undefined> {
    const { journal, interrupts, clock, budgetEndsMs, emit } = this.#context;
    const { attempt, attemptInRun, durationMs } = failed;
    const delayMs = retryDelay(resolveRetry(step.node.retry, this.#context.retry), thrown, attemptInRun);
    const decision = afterFailure({ interruption: interrupts.kind, delayMs, nowMs: clock.now(), budgetEndsMs });
    if (decision === "lost") throw interrupts.reason;
    // What an aborted node throws says nothing about the node: it counts as not run.
    if (decision === "stop" && interrupts.kind === "aborted") return this.#stop();
    const nodeId = step.node.id;
    const failure = nodeFailure({ nodeId, nodeName: step.nodeName, attempts: attempt }, thrown);
    const entry = { nodeId, nodeName: step.nodeName, attempt, durationMs, error: failure };
    await journal.commitError(entry, decision === "fail" ? { status: "failed", failure } : {});
    const retrying = decision === "retry" && delayMs !== undefined;
    emit({ type: "node.failed", nodeId, attempt, failure, ...(retrying ? { retryInMs: delayMs } : {}) });
    if (decision === "fail") return this.#failed(failure, thrown);
    if (decision === "stop") return this.#stop();
    await interrupts.sleep(delayMs ?? 0);
    if (interrupts.kind === "lost") throw interrupts.reason;
    if (interrupts.kind === "aborted") return this.#stop();
    return interrupts.kind === "timeout" ? this.#failBefore(step) : undefined;
  }

  /** Ends the run where its time is up before a node could start: that counts as an attempt of the node. */
  async #failBefore(step: PreparedStep): Promise<RunEnd> {
    const { journal, interrupts } = this.#context;
    const { nodeName } = step;
    const nodeId = step.node.id;
    const attempt = (journal.attempts.get(nodeId) ?? 0) + 1;
    const failure = nodeFailure({ nodeId, nodeName, attempts: attempt }, interrupts.reason);
    await journal.commitError(
      { nodeId, nodeName, attempt, durationMs: 0, error: failure },
      { status: "failed", failure },
    );
    return this.#failed(failure, interrupts.reason);
  }

  async #suspend(nodeId: string, wakeAt: number | undefined): Promise<RunEnd> {
    const { journal, emit } = this.#context;
    await journal.save({ status: "suspended", wakeAt: wakeAt ?? null });
    emit({ type: "execution.suspended", nodeId, ...(wakeAt === undefined ? {} : { wakeAt }) });
    return { status: "suspended" };
  }

  async #stop(): Promise<RunEnd> {
    await this.#context.journal.save({ status: "pending" });
    this.#context.emit({ type: "execution.stopped" });
    return { status: "pending" };
  }

  async #complete(): Promise<RunEnd> {
    await this.#context.journal.save({ status: "completed", failure: null });
    return this.#completed();
  }

  #completed(): RunEnd {
    this.#context.emit({ type: "execution.completed" });
    return { status: "completed" };
  }

  #failed(failure: FailureRecord, thrown: unknown): RunEnd {
    this.#context.emit({ type: "execution.failed", failure });
    return { status: "failed", failure, thrown };
  }
}
