import { randomUUID } from "../crypto.ts";
import { type ErrorCode, isStoreAway, isWorkflowError, WorkflowError } from "../errors.ts";
import type { Journal } from "../state/journal.ts";
import { nextRun } from "../state/progress.ts";
import type { ExecutionRecord, FailureRecord, WorkflowStatus } from "../store/checkpoint-store.ts";
import type { Call } from "./call.ts";
import { deadlineMessage } from "./deadline-message.ts";
import { afterRefusal } from "./decide.ts";
import type { EngineParts } from "./engine-parts.ts";
import type { ExecuteWorkflowResult } from "./execution-result.ts";
import type { Interrupts } from "./interrupts.ts";
import { startHeartbeat } from "./lease.ts";
import { resultOf } from "./results.ts";
import type { Overdue } from "./resume.ts";
import { startRun } from "./run.ts";
import type { ResumeWorkflowOptions, RunOptions } from "./run-options.ts";
import type { CrashedNode, RunEnd, RunParts } from "./run-parts.ts";
import { withExecutionId } from "./with-execution-id.ts";
import type { PreparedWorkflow } from "./workflow-catalog.ts";

/** The definition that a run works with. */
export interface ChosenDefinition {
  workflow: PreparedWorkflow;
  /** True if the engine has no definition of the workflow, or another one. */
  definitionChanged: boolean;
}

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
      const result = await this.#result(call, begun, end);
      return "thrown" in end ? { result, thrown: end.thrown } : { result };
    } catch (error) {
      throw withExecutionId(error, begun.journal.executionId);
    }
  }

  async #result(
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

  /** Ends a claimed execution of which no node may start. If no node is named, its failure is on record. */
  async endOverdue(
    call: Call,
    begun: Pick<BegunRun, "journal" | "definitionChanged">,
    { node, failure, cutOff }: Overdue,
  ): Promise<RunResult> {
    const { journal } = begun;
    try {
      const { begin = [] } = journal.progress;
      const attempts = cutOff.length === 0 ? {} : { attempts: cutOff };
      if (node === undefined) await journal.save({ status: "failed", failure, wakeAt: null }, attempts);
      else {
        if (cutOff.length > 0) await journal.save({}, { ...attempts, begin });
        const run = nextRun(journal.progress, node.nodeId);
        await journal.commitError({ ...run, ...node, durationMs: 0, error: failure }, { status: "failed", failure });
      }
    } catch (error) {
      if (isWorkflowError(error) && afterRefusal(error.code) === "lost") return this.lost(call, begun, error);
      throw withExecutionId(error, journal.executionId);
    }
    this.#parts.emitter.of(journal.record)({ type: "execution.failed", failure });
    const thrown = new WorkflowError(failure.code as ErrorCode, failure.message, { executionId: journal.executionId });
    return { result: await this.#result(call, begun, { status: "failed", failure, thrown }), thrown };
  }

  /** Ends a claimed execution as cancelled. */
  async endCancelled(
    call: Call,
    begun: Pick<BegunRun, "journal" | "definitionChanged">,
    failure: FailureRecord,
  ): Promise<RunResult> {
    try {
      await (await this.#parts.children()).endCancelled(begun.journal, failure);
    } catch (error) {
      if (isWorkflowError(error) && afterRefusal(error.code) === "lost") return this.lost(call, begun, error);
      throw withExecutionId(error, begun.journal.executionId);
    }
    return { result: await this.#result(call, begun, { status: "cancelled", failure }) };
  }

  /** The result of a call whose execution was cancelled or taken over before it ran a node. */
  async lost(
    call: Call,
    begun: Pick<BegunRun, "journal" | "definitionChanged">,
    thrown: WorkflowError,
  ): Promise<RunResult> {
    const { describeFailure } = await import("../state/failure.ts");
    const failure = describeFailure(thrown, { code: "LEASE_LOST" });
    this.#parts.emitter.of(begun.journal.record)({ type: "execution.lost", failure });
    return { result: await this.#result(call, begun, { status: "lost", failure, thrown }), thrown };
  }

  /** Returns the result of an execution as it is on record. */
  async recorded(call: Call, head: ExecutionRecord): Promise<RunResult> {
    const { id, userId } = head;
    const { readExecution } = await import("../state/open-execution.ts");
    const { journal, record } = await readExecution(call.surroundings, id, { checkpoints: "last", userId });
    const definitionChanged = await this.#hasChanged(record, call.interrupts);
    const { recordedEnd } = await import("./recorded-results.ts");
    return { result: await this.#result(call, { journal, definitionChanged }, recordedEnd(record)) };
  }

  async #hasChanged(head: ExecutionRecord, interrupts: Interrupts): Promise<boolean> {
    try {
      return (await this.definitionOf(head, "original", interrupts)).definitionChanged;
    } catch (error) {
      if (isStoreAway(error)) throw error;
      return true;
    }
  }

  /** Returns the definition to run: the execution's own, or the engine's present one if the caller asks for it. */
  async definitionOf(
    { definitionHash, ...head }: ExecutionRecord,
    which: ResumeWorkflowOptions["definition"],
    interrupts: Interrupts,
  ): Promise<ChosenDefinition> {
    const { catalog } = this.#parts;
    const { workflowId, userId } = head;
    if (which === "current" || definitionHash === undefined) {
      return { workflow: await interrupts.within(catalog.current(workflowId, userId)), definitionChanged: false };
    }
    const workflow = await catalog.original(definitionHash, head, interrupts);
    const own = await interrupts.within(catalog.ownOf(workflow, userId));
    // The limit is no part of the content, so that it can be raised.
    const limited = own === undefined ? workflow : { ...workflow, maxNodeRuns: own.maxNodeRuns };
    return { workflow: limited, definitionChanged: own === undefined };
  }
}
