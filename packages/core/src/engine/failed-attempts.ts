import type { HeadUpdate } from "../store/checkpoint-store.ts";
import type { Attempt } from "./attempt.ts";
import { beforeRetry } from "./decide-failure.ts";
import { judgeFailure } from "./judge-failure.ts";
import { namesOf, type PreparedStep } from "./prepared-workflow.ts";
import { RunFailures, type RunFailuresParts } from "./run-failures.ts";
import { limitFacts } from "./run-limits.ts";
import type { RunEnd } from "./run-parts.ts";
import type { RunWaits } from "./run-waits.ts";

/** What follows the failed attempts of nodes that run one after the other: another attempt, or what the failure ends. */
export class FailedAttempts extends RunFailures {
  readonly #waits: RunWaits;

  constructor(parts: RunFailuresParts, waits: RunWaits) {
    super(parts);
    this.#waits = waits;
  }

  /** Writes a failed attempt; returns the run's end unless there is to be another one. */
  async after(failed: Attempt, error: unknown, { isFinal }: { isFinal: boolean }): Promise<RunEnd | undefined> {
    const { run: parts, plan, commits, ends } = this.parts;
    const { journal, interrupts, emit, holdMs } = parts;
    const { step, run, attempt, durationMs } = failed;
    const judged = judgeFailure(parts, { step, run, attempt, given: journal.context }, error, { isFinal });
    const { failure, thrown, failures, delayMs, atMs, decision, lookAt, used } = judged;
    if (decision === "lost") throw interrupts.reason;
    // What an aborted node throws says nothing about the node: it has not failed, but its number is used.
    if (decision === "cut off") return ends.stop({ attempts: used, wakeAt: lookAt });
    const entry = { ...run, nodeName: step.nodeName, attempt, durationMs, error: failure };
    if (decision === "pass over" && (await this.passOver(failed, entry))) {
      return commits.hasEnded ? ends.completed() : undefined;
    }
    if (decision !== "retry" || delayMs === undefined) {
      await this.commit(entry, { status: "failed" });
      emit({ type: "node.failed", ...run, ...namesOf(step), attempt, durationMs, failure });
      return this.end({ failure, thrown });
    }
    const mayWait = beforeRetry({ ...limitFacts(parts), waitMs: delayMs, holdMs });
    const isStopping = mayWait === "stop";
    const wakeAt = isStopping ? ends.dueAt(atMs) : atMs;
    const head: HeadUpdate = { wakeAt, ...(isStopping ? { status: "pending" } : {}) };
    // It keeps its place, also before a node that was answered meanwhile.
    const begin = plan.planner.next() === failed.index ? {} : { begin: [run.nodeId] };
    await this.commit(entry, head, { retry: { nodeId: run.nodeId, atMs, failures }, ...begin });
    emit({ type: "node.failed", ...run, ...namesOf(step), attempt, durationMs, failure, retryInMs: delayMs });
    return isStopping ? ends.stopped({ wakeAt, failure }) : undefined;
  }

  /** Waits until the next attempt of a node is due; returns the run's end if it does not wait for it. */
  async untilDue(step: PreparedStep, retryAtMs: number): Promise<RunEnd | undefined> {
    const { run: parts, ends } = this.parts;
    const { journal, interrupts, holdMs } = parts;
    for (let hasWaited = false; ; hasWaited = true) {
      const waitMs = retryAtMs - journal.storeNow();
      // It may have been cancelled meanwhile: then this commit is refused.
      if (waitMs <= 0) return hasWaited ? void (await journal.save()) : undefined;
      const what = beforeRetry({ ...limitFacts(parts), waitMs, holdMs });
      if (what === "lost") throw interrupts.reason;
      if (what === "stop") return ends.stop({ wakeAt: retryAtMs });
      if (what === "fail") return this.failBefore(step);
      this.#waits.beginQuiet(step.node.id);
      await interrupts.sleep(waitMs);
      await this.#waits.endQuiet();
      interrupts.checkDeadline();
    }
  }
}
