import { types } from "node:util";
import { isWorkflowError, type WorkflowError } from "../errors.ts";
import type { AnswerRequest } from "./answers.ts";
import { type Attempt, RefusedLater, roundedMs } from "./attempt.ts";
import { callExecutor } from "./call-executor.ts";
import { afterRefusal, beforeNode, startsOnce } from "./decide.ts";
import { refuseUndeclared } from "./declared-outputs.ts";
import type { FailedAttempts } from "./failed-attempts.ts";
import { invokeNode, readOutcome } from "./invoke-node.ts";
import { LivePlan } from "./live-plan.ts";
import type { NextOutcome } from "./node-outcome.ts";
import { loaded, NotLoaded } from "./not-loaded.ts";
import type { ParallelRun } from "./parallel-run.ts";
import { RunCommits } from "./run-commits.ts";
import { RunEnds } from "./run-ends.ts";
import { limitFacts } from "./run-limits.ts";
import type { RunEnd, RunParts } from "./run-parts.ts";
import type { RunSuspensions } from "./run-suspensions.ts";
import { RunWaits } from "./run-waits.ts";
import { Turns } from "./turns.ts";

/**
 * Runs an execution's nodes, one after the other, until it ends or is stopped. Nothing else runs nodes.
 *
 * - A node's checkpoint is committed before the next one starts (in `async` durability: before the one after that).
 * - Any result or error of a node becomes its success or its recorded failure. It never makes the run throw.
 *
 * @throws {WorkflowError} STORE_UNAVAILABLE, STORE_CLOSED, EXECUTION_NOT_FOUND
 */
export function startRun(parts: RunParts, Parallel?: typeof ParallelRun): StartedRun {
  const run = Parallel === undefined ? new Run(parts) : new Parallel(parts);
  return { end: endOf(run, parts), answer: (request) => run.waits.take(request) };
}

/** A run that was started. */
export interface StartedRun {
  end: Promise<RunEnd>;
  /** Takes an answer from outside. Resolves to false if the run ended before the answer was on record. */
  answer(request: AnswerRequest): Promise<boolean>;
}

async function endOf(run: Pick<Run, "toEnd" | "waits">, parts: RunParts): Promise<RunEnd> {
  try {
    return await run.toEnd();
  } catch (error) {
    const what = isWorkflowError(error) ? afterRefusal(error.code) : "throw";
    if (what === "throw") throw error;
    const { lostEnd, refusedEnd } = await import("./refused-run.ts");
    if (what === "refused") throw refusedEnd(error as WorkflowError);
    return lostEnd(parts, error);
  } finally {
    run.waits.end();
  }
}

class Run {
  readonly waits: RunWaits;
  readonly #parts: RunParts;
  readonly #ends: RunEnds;
  readonly #commits: RunCommits;
  readonly #plan: LivePlan;
  /** In `async` durability: the attempt whose commit is under way. */
  #unsettled: Attempt | undefined;
  #failed: Promise<FailedAttempts> | undefined;
  #suspended: Promise<RunSuspensions> | undefined;

  constructor(parts: RunParts) {
    this.#parts = parts;
    this.#plan = new LivePlan(parts);
    this.waits = new RunWaits(parts, () => this.#plan.planner);
    this.#ends = new RunEnds(parts, this.waits);
    this.#commits = new RunCommits(parts, { plan: this.#plan, waits: this.waits });
  }

  async toEnd(): Promise<RunEnd> {
    const { interrupts, clock, journal, maxNodeRuns, crashed } = this.#parts;
    const turns = new Turns(clock);
    if (crashed.length > 0) {
      const ended = await (await this.#failures()).passOverCrashed();
      if (ended !== undefined) return ended;
    }
    for (;;) {
      if (turns.isLong) await turns.yield();
      interrupts.checkDeadline();
      if (this.waits.any || this.waits.hasAnswers) {
        const refused = await this.#settleEarlier();
        if (refused !== undefined) {
          const end = await this.#failLater(refused);
          if (end !== undefined) return end;
          continue;
        }
        await this.waits.keepAnswers();
        await this.waits.timeOut();
      }
      const index = this.#plan.planner.next();
      const what = beforeNode({ ...limitFacts(this.#parts), hasNext: index !== undefined, isWaiting: this.waits.any });
      const isOverLimit = journal.currentStep >= maxNodeRuns;
      if (what === "run" && !isOverLimit) {
        const end = await this.#runNode(index as number);
        if (end !== undefined) return end;
        continue;
      }
      if (what === "lost") throw interrupts.reason;
      const refused = await this.#settleEarlier();
      if (refused !== undefined) {
        const end = await this.#failLater(refused);
        if (end !== undefined) return end;
        continue;
      }
      if (what === "run") return (await this.#failures()).failAtLimit(this.#plan.stepAt(index as number));
      if (what === "stop") return this.#ends.stop({ wakeAt: this.#plan.restsUntil() });
      if (what === "suspend") return (await this.#suspensions()).suspend();
      if (what === "fail") return (await this.#failures()).failBefore(this.#plan.stepAt(index as number));
      this.#plan.reportSkipped();
      return this.#ends.complete();
    }
  }

  /** Runs one node until it has completed or waits, or all its attempts have failed; returns the run's end if this is it. */
  async #runNode(index: number): Promise<RunEnd | undefined> {
    const { journal, emit, clock, durability } = this.#parts;
    const step = this.#plan.stepAt(index);
    const run = this.#plan.runOf(index);
    for (;;) {
      const { retryAtMs } = journal.progress.attempts.get(run.nodeId) ?? {};
      const stopped = retryAtMs === undefined ? undefined : await (await this.#failures()).untilDue(step, retryAtMs);
      if (stopped !== undefined) return stopped;
      const attempt = journal.nextAttempt(run.nodeId);
      if (startsOnce(step.node.retry, this.#parts.retry)) {
        const refused = await this.#settleEarlier();
        if (refused !== undefined) return this.#failLater(refused);
        const { beginOnce } = await import("./begin-once.ts");
        await journal.save({}, beginOnce(journal, run.nodeId, [run.nodeId]));
      }
      const { nodeId, visit } = run;
      const { nodeName, type: nodeType } = step;
      const stepNumber = journal.currentStep + 1;
      emit({ type: "node.started", nodeId, visit, nodeName, nodeType, attempt, stepNumber });
      const startedMs = clock.elapsed();
      const made: Attempt = {
        index,
        step,
        run,
        attempt,
        startedMs,
        durationMs: 0,
        before: journal.point,
        isSettled: false,
      };
      try {
        let result = this.#call(made);
        if (types.isPromise(result)) {
          const isCommitted = this.#unsettled === undefined;
          if (isCommitted) this.waits.beginQuiet(run.nodeId);
          try {
            result = await result;
          } finally {
            const keeping = this.waits.endQuiet();
            if (keeping !== undefined) await keeping;
            // An answer that came meanwhile is committed. It stays even if the attempt fails.
            if (isCommitted) made.before = journal.point;
          }
        }
        const outcome = readOutcome(result, step);
        made.durationMs = roundedMs(clock.elapsed() - made.startedMs);
        if (outcome.kind === "suspended") {
          const suspensions = await loaded(this.#suspensions());
          const refused = await this.#settleEarlier();
          if (refused !== undefined) throw refused;
          return await suspensions.begin(made, outcome);
        }
        const committed = this.#commit(made, outcome);
        const isLast = this.#commits.hasEnded;
        if (durability === "async") {
          committed.catch(() => undefined);
          const refused = await this.#settleEarlier();
          if (refused !== undefined) throw refused;
        }
        if (durability === "sync" || isLast) await committed;
        else this.#unsettled = made;
        this.#plan.reportSkipped();
        this.#commits.reportCompleted(made, outcome, journal.currentStep);
        return this.#commits.hasEnded ? this.#ends.completed() : undefined;
      } catch (error) {
        // If the journal can no longer write, or code cannot be loaded, that is no failure of the node.
        if (error instanceof NotLoaded) throw error.cause;
        if (journal.broken !== undefined) throw journal.broken.error;
        journal.undoTo(made.before);
        if (made.isSettled) this.#plan.restore();
        made.durationMs = roundedMs(clock.elapsed() - made.startedMs);
        const refused = error instanceof RefusedLater ? error : await this.#settleEarlier();
        if (refused !== undefined) return this.#failLater(refused);
        const failures = await this.#failures();
        const end = await failures.after(made, error, { isFinal: false });
        if (end !== undefined || made.isPassedOver) return end;
      }
    }
  }

  #call({ step, run, attempt }: Attempt): unknown {
    const { clock, interrupts, nodeTimeoutMs } = this.#parts;
    const limits = { clock, interrupts, timeoutMs: step.node.timeoutMs ?? nodeTimeoutMs, nodeId: step.node.id };
    return callExecutor(limits, (signal) => invokeNode(this.#parts, { step, run, attempt, signal }));
  }

  /**
   * Makes a node's checkpoint, settles its edges and commits it; the last node's commit also completes the execution.
   *
   * - A result that is refused has not changed the state. The plan is then made anew from it.
   *
   * @throws what the result or its checkpoint is refused with
   */
  #commit(made: Attempt, outcome: NextOutcome): Promise<void> {
    const { journal } = this.#parts;
    const { step, run, attempt, durationMs } = made;
    const { handles } = outcome;
    // Field by field, here and at the events: every node comes through here, and spreads cost twice as much.
    const { nodeId, visit } = run;
    const { nodeName } = step;
    const entry = { nodeId, visit, nodeName, attempt, durationMs, handles };
    if (handles) refuseUndeclared(step.run, step.node, handles);
    made.isSettled = true;
    this.#plan.planner.settle(made.index, handles);
    const { present, cleared } = this.#plan.afterwards;
    const composed = journal.compose(entry, { isStep: true, change: outcome, present, cleared });
    made.committed = this.#commits.commit([composed], [nodeId]);
    return made.committed;
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

  /** Loaded with the first failure, or the first attempt that is not due yet. */
  #failures(): Promise<FailedAttempts> {
    this.#failed ??= import("./failed-attempts.ts").then(({ FailedAttempts }) => {
      const parts = { run: this.#parts, plan: this.#plan, commits: this.#commits, ends: this.#ends };
      return new FailedAttempts(parts, this.waits);
    });
    return this.#failed;
  }

  /** Ends the run by the failure of a node whose commit was refused while the next one ran, or passes it over. */
  async #failLater({ attempt, error }: RefusedLater): Promise<RunEnd | undefined> {
    this.#parts.journal.undoTo(attempt.before);
    this.#plan.restore();
    const failures = await this.#failures();
    const end = await failures.after(attempt, error, { isFinal: true });
    return end === undefined && !attempt.isPassedOver ? this.#ends.stop() : end;
  }

  /** Loaded with the first node that waits. */
  #suspensions(): Promise<RunSuspensions> {
    this.#suspended ??= import("./run-suspensions.ts").then(
      ({ RunSuspensions }) =>
        new RunSuspensions({
          run: this.#parts,
          plan: this.#plan,
          waits: this.waits,
          commits: this.#commits,
          ends: this.#ends,
        }),
    );
    return this.#suspended;
  }
}
