import { type ErrorCode, isWorkflowError, WorkflowError } from "../errors.ts";
import { commitError } from "../state/commit-error.ts";
import { describeFailure } from "../state/failure.ts";
import { readExecution } from "../state/open-execution.ts";
import { nextRun } from "../state/progress.ts";
import type { ExecutionRecord, FailureRecord } from "../store/checkpoint-store.ts";
import type { Call } from "./call.ts";
import { hasChanged } from "./chosen-definition.ts";
import { afterRefusal } from "./decide.ts";
import type { EngineParts } from "./engine-parts.ts";
import { recordedEnd } from "./recorded-results.ts";
import type { Overdue } from "./resume.ts";
import type { BegunRun, RunResult, RunStarter } from "./run-starter.ts";
import { withExecutionId } from "./with-execution-id.ts";

/** A claimed execution that does not run. */
type Claimed = Pick<BegunRun, "journal" | "definitionChanged">;

/** The results of calls that run no node: what is on record, and what ends before a node could start. */
export class SettledResults {
  readonly #parts: EngineParts;
  readonly #starter: RunStarter;

  constructor(parts: EngineParts, starter: RunStarter) {
    this.#parts = parts;
    this.#starter = starter;
  }

  /** Ends a claimed execution of which no node may start. If no node is named, its failure is on record. */
  async endOverdue(call: Call, begun: Claimed, { node, failure, cutOff }: Overdue): Promise<RunResult> {
    const { journal } = begun;
    try {
      const { begin = [] } = journal.progress;
      const attempts = cutOff.length === 0 ? {} : { attempts: cutOff };
      if (node === undefined) await journal.save({ status: "failed", failure, wakeAt: null }, attempts);
      else {
        if (cutOff.length > 0) await journal.save({}, { ...attempts, begin });
        const run = nextRun(journal.progress, node.nodeId);
        const entry = { ...run, ...node, durationMs: 0, error: failure };
        await commitError(journal, entry, { head: { status: "failed", failure } });
      }
    } catch (error) {
      if (isWorkflowError(error) && afterRefusal(error.code) === "lost") return this.lost(call, begun, error);
      throw withExecutionId(error, journal.executionId);
    }
    this.#parts.emitter.of(journal.record)({ type: "execution.failed", failure });
    const thrown = new WorkflowError(failure.code as ErrorCode, failure.message, { executionId: journal.executionId });
    return { result: await this.#starter.result(call, begun, { status: "failed", failure, thrown }), thrown };
  }

  /** Ends a claimed execution as cancelled. */
  async endCancelled(call: Call, begun: Claimed, failure: FailureRecord): Promise<RunResult> {
    try {
      await (await this.#parts.children()).endCancelled(begun.journal, failure);
    } catch (error) {
      if (isWorkflowError(error) && afterRefusal(error.code) === "lost") return this.lost(call, begun, error);
      throw withExecutionId(error, begun.journal.executionId);
    }
    return { result: await this.#starter.result(call, begun, { status: "cancelled", failure }) };
  }

  /** The result of a call whose execution was cancelled or taken over before it ran a node. */
  async lost(call: Call, begun: Claimed, thrown: WorkflowError): Promise<RunResult> {
    const failure = describeFailure(thrown, { code: "LEASE_LOST" });
    this.#parts.emitter.of(begun.journal.record)({ type: "execution.lost", failure });
    return { result: await this.#starter.result(call, begun, { status: "lost", failure, thrown }), thrown };
  }

  /** Returns the result of an execution as it is on record. */
  async recorded(call: Call, head: ExecutionRecord): Promise<RunResult> {
    const { id, userId } = head;
    const { journal, record } = await readExecution(call.surroundings, id, { checkpoints: "last", userId });
    const definitionChanged = await hasChanged(this.#parts.catalog, record, call.interrupts);
    return { result: await this.#starter.result(call, { journal, definitionChanged }, recordedEnd(record)) };
  }
}
