import { types } from "node:util";
import type { ActiveNode, Arrival } from "./active-nodes.ts";
import { Arrivals } from "./arrivals.ts";
import { roundedMs } from "./attempt.ts";
import { beginOnce } from "./begin-once.ts";
import { callExecutor } from "./call-executor.ts";
import { earlierLook } from "./child-outcome.ts";
import { beforeNode, startsOnce } from "./decide.ts";
import { beforeRetry } from "./decide-failure.ts";
import { invokeNode, readOutcome } from "./invoke-node.ts";
import { LivePlan } from "./live-plan.ts";
import type { NodeOutcome } from "./node-outcome.ts";
import { Places } from "./places.ts";
import { namesOf } from "./prepared-workflow.ts";
import { RunCommits } from "./run-commits.ts";
import { RunEnds } from "./run-ends.ts";
import { RunFailures } from "./run-failures.ts";
import { limitFacts } from "./run-limits.ts";
import type { RunEnd, RunParts } from "./run-parts.ts";
import { RunSuspensions } from "./run-suspensions.ts";
import { RunWaits } from "./run-waits.ts";
import { Turns } from "./turns.ts";

/**
 * Runs an execution's nodes, up to `nodeConcurrency` at the same time, until it ends or is stopped.
 *
 * - Executors run side by side. Everything else happens in one loop, one step after the other: it commits what has
 *   arrived, and starts what may start. So there is one writer.
 * - Results that came while a commit was under way are committed together, in the order of the definition. Each is merged
 *   into the context that the one before it has made, and has a record of its own.
 * - Each record names the nodes that may be in flight after it, unless it is the first that is ready. So the next owner
 *   knows which attempts a crash has cut off.
 * - Commits are waited for in both durabilities: other nodes run meanwhile.
 */
export class ParallelRun {
  readonly waits: RunWaits;
  readonly #parts: RunParts;
  readonly #ends: RunEnds;
  readonly #failures: RunFailures;
  readonly #suspensions: RunSuspensions;
  readonly #plan: LivePlan;
  readonly #places: Places;
  readonly #arrivals: Arrivals;
  #wake = (): void => undefined;

  constructor(parts: RunParts) {
    this.#parts = parts;
    const plan = new LivePlan(parts);
    const places = new Places(parts, plan);
    const waits = new RunWaits(parts, () => plan.planner, {
      onKept: () => this.#wake(),
      inFlight: () => places.active.ids,
    });
    const ends = new RunEnds(parts, waits);
    this.#plan = plan;
    this.#places = places;
    this.waits = waits;
    this.#ends = ends;
    const commits = new RunCommits(parts, { plan, waits, places });
    const failures = new RunFailures({ run: parts, plan, commits, ends, places });
    this.#failures = failures;
    this.#suspensions = new RunSuspensions({ run: parts, plan, waits, commits, ends });
    const start = (node: ActiveNode): void => this.#start(node);
    this.#arrivals = new Arrivals({ run: parts, plan, places, ends, commits, failures, start });
  }

  async toEnd(): Promise<RunEnd> {
    const { interrupts, clock } = this.#parts;
    const { active } = this.#places;
    const turns = new Turns(clock);
    const ended = await this.#failures.passOverCrashed();
    if (ended !== undefined) return ended;
    for (;;) {
      if (turns.isLong) await turns.yield();
      interrupts.checkDeadline();
      if (interrupts.kind === "lost") throw interrupts.reason;
      if (this.waits.any || this.waits.hasAnswers) {
        await this.waits.keepAnswers();
        await this.waits.timeOut();
      }
      const end = await this.#arrivals.takeUp(active.takeArrivals());
      if (end !== undefined) return end;
      await this.#startRested();
      await this.#startReady();
      if (this.#places.active.hasArrivals) continue;
      if (this.#places.active.anyRuns) await this.#untilNews();
      else if (this.#places.active.size > 0) {
        const stopped = await this.#rest();
        if (stopped !== undefined) return stopped;
      } else {
        const last = await this.#end();
        if (last !== undefined) return last;
      }
    }
  }

  /** Starts the nodes that are ready, once it is on record that they may be in flight. */
  async #startReady(): Promise<void> {
    const { journal } = this.#parts;
    const chosen = this.#places.fill(journal.currentStep);
    if (chosen.length === 0) return;
    const { ids } = this.#places.active;
    const known = new Set(journal.progress.begin ?? this.#places.assumed());
    if (ids.some((nodeId) => !known.has(nodeId))) await journal.save({}, { begin: ids });
    for (const node of chosen) if (node.retryAtMs === undefined) this.#start(node);
  }

  /** Starts the next attempts that are due. */
  async #startRested(): Promise<void> {
    const { journal } = this.#parts;
    const now = journal.storeNow();
    for (const node of this.#places.active.resting) {
      if (node.retryAtMs > now) break;
      if (!this.#places.mayStart()) break;
      const isOnce = startsOnce(node.step.node.retry, this.#parts.retry);
      // It may have been cancelled meanwhile: then this commit is refused.
      await journal.save({}, isOnce ? beginOnce(journal, node.run.nodeId, this.#places.active.ids) : {});
      this.#start(node);
    }
  }

  #start(node: ActiveNode): void {
    const { journal, clock, emit, interrupts, nodeTimeoutMs } = this.#parts;
    const { step, run } = node;
    const attempt = journal.nextAttempt(run.nodeId);
    Object.assign(node, {
      attempt,
      given: journal.context,
      givenSeq: journal.newestSeq,
      startedMs: clock.elapsed(),
      retryAtMs: undefined,
    });
    emit({ type: "node.started", ...run, ...namesOf(step), attempt, stepNumber: journal.currentStep + 1 });
    const limits = { clock, interrupts, timeoutMs: step.node.timeoutMs ?? nodeTimeoutMs, nodeId: run.nodeId };
    const arrive = (outcome: NodeOutcome): void => this.#arrive({ node, outcome });
    const fail = (error: unknown): void => this.#arrive({ node, failed: { error } });
    try {
      const called = callExecutor(limits, (signal) => invokeNode(this.#parts, { step, run, attempt, signal }));
      if (types.isPromise(called)) called.then((result) => readOutcome(result, step)).then(arrive, fail);
      else arrive(readOutcome(called, step));
    } catch (error) {
      fail(error);
    }
  }

  #arrive(arrival: Arrival): void {
    const { node } = arrival;
    node.durationMs = roundedMs(this.#parts.clock.elapsed() - node.startedMs);
    this.#places.active.arrive(arrival);
    this.#wake();
  }

  /** Waits until a node's attempt has ended, an answer has come, or a time is over. */
  async #untilNews(): Promise<void> {
    const { journal, interrupts } = this.#parts;
    // An attempt that may not start is no reason to wake.
    const [rested] = this.#places.mayStart() ? this.#places.active.resting : [];
    const times = [rested?.retryAtMs, this.waits.any ? this.waits.wakeAt() : undefined];
    const atMs = Math.min(...times.map((time) => time ?? Number.POSITIVE_INFINITY));
    const news = new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    this.waits.beginQuiet(...this.#places.active.ids);
    const isUndisturbed = interrupts.kind === undefined && !interrupts.isStopping;
    // Nodes in flight hear of an interruption by themselves, and arrive.
    if (!this.#places.active.hasArrivals) {
      await (Number.isFinite(atMs) && isUndisturbed
        ? interrupts.sleep(Math.max(0, atMs - journal.storeNow()), news)
        : news);
    }
    this.#wake = () => undefined;
    await this.waits.endQuiet();
  }

  /** Waits for the next attempt of a node while nothing runs; returns the run's end if it does not wait for it. */
  async #rest(): Promise<RunEnd | undefined> {
    const { journal, interrupts, holdMs } = this.#parts;
    const [node] = this.#places.active.resting;
    if (node === undefined) return undefined;
    if (this.#arrivals.failing !== undefined) {
      for (const each of this.#places.active.resting) this.#places.active.remove(each);
      return undefined;
    }
    const waitMs = Math.max(0, node.retryAtMs - journal.storeNow());
    const what = beforeRetry({ ...limitFacts(this.#parts), waitMs, holdMs });
    if (what === "lost") throw interrupts.reason;
    const { isCutOff, used, lookAt } = this.#arrivals;
    if (what === "fail") return this.#failures.failBefore(node.step);
    // Once a node was cut off, none starts any more: the next run makes this attempt.
    if (isCutOff) return this.#ends.stop({ wakeAt: earlierLook(lookAt, node.retryAtMs), ...used });
    if (what === "stop") return this.#ends.stop({ wakeAt: node.retryAtMs });
    await this.#untilNews();
    return undefined;
  }

  /** Ends the run, since no node is in flight and none may start. */
  async #end(): Promise<RunEnd | undefined> {
    const { interrupts, journal } = this.#parts;
    if (this.#arrivals.failing !== undefined) {
      const { failure } = this.#arrivals.failing;
      await journal.save({ status: "failed", failure, wakeAt: null }, this.#arrivals.used);
      return this.#failures.end(this.#arrivals.failing);
    }
    const index = this.#places.planner.next();
    const what = beforeNode({ ...limitFacts(this.#parts), hasNext: index !== undefined, isWaiting: this.waits.any });
    if (what === "lost") throw interrupts.reason;
    if (this.#arrivals.isCutOff) return this.#ends.stop({ ...this.#arrivals.used, wakeAt: this.#arrivals.lookAt });
    if (what === "stop") return this.#ends.stop({ wakeAt: this.#plan.restsUntil() });
    if (this.waits.hasAnswers) return undefined;
    if (what === "suspend") return this.#suspensions.suspend();
    if (what === "complete") {
      this.#plan.reportSkipped();
      return this.#ends.complete();
    }
    const step = this.#plan.stepAt(index as number);
    if (what === "fail") return this.#failures.failBefore(step);
    return journal.currentStep >= this.#parts.maxNodeRuns ? this.#failures.failAtLimit(step) : undefined;
  }
}
