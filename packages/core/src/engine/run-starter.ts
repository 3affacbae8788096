import { randomUUID } from "../crypto.ts";
import { WorkflowError } from "../errors.ts";
import type { Journal } from "../state/journal.ts";
import type { ExecutionRecord, WorkflowStatus } from "../store/checkpoint-store.ts";
import type { Call } from "./call.ts";
import type { ChosenDefinition } from "./chosen-definition.ts";
import { deadlineMessage } from "./deadline-message.ts";
import type { EngineParts } from "./engine-parts.ts";
import type { ExecuteWorkflowResult } from "./execution-result.ts";
import { startHeartbeat } from "./lease.ts";
import { resultOf } from "./results.ts";
import { startRun } from "./run.ts";
import type { RunOptions } from "./run-options.ts";
import type { CrashedNode, RunEnd, RunParts } from "./run-parts.ts";
import { withExecutionId } from "./with-execution-id.ts";

/** An execution that this engine owns, ready to run. */
export interface BegunRun extends ChosenDefinition {
  options: RunOptions;
  journal: Journal;
  record: ExecutionRecord;
  /** The longest wait for a node's next attempt, in milliseconds, for which the run keeps the execution. */
  holdMs: number;
  /** The status that it was claimed from; absent if it is new. */
  from?: WorkflowStatus;
  /** When the next attempts of nodes that start executions were due; absent if it is new. */
  retryTimes?: RunParts["retryTimes"];
  /** Nodes that a crash has cut off, and over which the execution continues. */
  crashed?: readonly CrashedNode[];
  /** True if a recovery runs it. Default: false. */
  isSwept?: boolean;
  /** See {@link RunParts}: for the runs of a recovery. */
  onLeft?: RunParts["onLeft"];
}

/** The result of a run. If it failed: also the value that was thrown. */
export interface RunResult {
  result: ExecuteWorkflowResult<object>;
  thrown?: unknown;
}

/** Runs executions that this engine owns, and makes results from their ends and records. */
export class RunStarter {
  readonly #parts: EngineParts;

  constructor(parts: EngineParts) {
    this.#parts = parts;
  }

  async run(call: Call, begun: BegunRun): Promise<RunResult> {
    const { options, workflow, journal, record, holdMs, crashed = [] } = begun;
    const { contextMode, interrupts, nodeConcurrency, parallel } = call;
    const { values, durability = "sync", retry, nodeTimeoutMs, runs } = this.#parts;
    const { clock, codec, leaseMs } = call.surroundings;
    const onLost = (error: unknown) => interrupts.raise("lost", error);
    const stopHeartbeat = startHeartbeat({ clock, journal, leaseMs, onLost });
    const { budgetMs, onAbort = "hand-over" } = options;
    const { maxNodeRuns = workflow.maxNodeRuns } = options;
    const { deadlineAt } = record;
    if (deadlineAt !== undefined) {
      const error = new WorkflowError("EXECUTION_TIMEOUT", deadlineMessage(deadlineAt));
      interrupts.endBy(Math.max(0, deadlineAt - journal.storeNow()), error);
    }
    const emit = this.#parts.emitter.of(journal.record);
    if (this.#parts.emitter.isHeard) {
      journal.watchRecords(({ seq, kind, nodeId, payload }, durationMs) =>
        emit({ type: "checkpoint.committed", seq, kind, nodeId, bytes: Buffer.byteLength(payload), durationMs }),
      );
    }
    let secret: string | undefined;
    const started = startRun(
      {
        workflow,
        journal,
        values,
        contextMode,
        clock,
        codec,
        interrupts,
        retry,
        nodeTimeoutMs,
        budgetMs,
        maxNodeRuns,
        durability,
        nodeConcurrency,
        holdMs,
        onAbort,
        deadlineAt,
        leaseMs,
        crashed,
        random: Math.random,
        secret: () => {
          secret ??= randomUUID();
          return secret;
        },
        emit,
        from: begun.from,
        retryTimes: begun.retryTimes,
        onLeft: begun.onLeft,
        runChild: async (run, child) => (await this.#parts.children()).runNode(run, child),
        handOver: async (answer) => (await this.#parts.children()).handOver(answer, journal.executionId),
      },
      parallel,
    );
    const ended = this.#ended(call, begun, started.end).finally(stopHeartbeat);
    const result = ended.then((end) => end.result);
    const { userId } = record;
    runs.add({ executionId: journal.executionId, userId, interrupts, result, answer: started.answer });
    return ended;
  }

  async #ended(call: Call, begun: BegunRun, running: Promise<RunEnd>): Promise<RunResult> {
    try {
      const end = await running;
      if (begun.workflow.hasChildren) {
        await (await this.#parts.children()).afterRun(begun.journal, end);
      }
      const { hint } = this.#parts;
      if (hint !== undefined && begun.isSwept !== true) await (await import("./hints.ts")).hintTimer(hint, begun, end);
      const result = await this.result(call, begun, end);
      return "thrown" in end ? { result, thrown: end.thrown } : { result };
    } catch (error) {
      throw withExecutionId(error, begun.journal.executionId);
    }
  }

  /** Makes the result of an end. */
  async result(
    call: Call,
    { journal, definitionChanged }: Pick<BegunRun, "journal" | "definitionChanged">,
    end: RunEnd,
  ): Promise<ExecuteWorkflowResult<object>> {
    const { contextMode, interrupts, surroundings } = call;
    const output = this.#parts.values.handOut(journal.context, contextMode, journal.holdsInstances) as object;
    const facts = { journal, output, durationMs: interrupts.elapsedMs, definitionChanged };
    if (end.status !== "lost") return resultOf(facts, end);
    const { lostResult } = await import("./recorded-results.ts");
    return lostResult(surroundings.store, facts, end);
  }
}
