import { isWorkflowError, WorkflowError } from "../errors.ts";
import type { NodeRun } from "../state/node-run.ts";
import {
  type ClaimedExecution,
  type ClaimOptions,
  claimExecution,
  putBack,
  readExecution,
  readHead,
} from "../state/open-execution.ts";
import { RECOVERABLE, RESUMABLE } from "../state/status-policy.ts";
import type { ExecutionRecord, FailureRecord } from "../store/checkpoint-store.ts";
import { quoted } from "../text.ts";
import { isTaken, readAnswer } from "./answers.ts";
import type { Call } from "./call.ts";
import { chooseDefinition } from "./chosen-definition.ts";
import { afterRefusal } from "./decide.ts";
import { looksBeforeClaim } from "./decide-resume.ts";
import type { EngineParts } from "./engine-parts.ts";
import type { PreparedWorkflow } from "./prepared-workflow.ts";
import {
  childProgress,
  crashedNodes,
  endsBefore,
  type Overdue,
  prepareResume,
  type ResumeCall,
  whatToDo,
} from "./resume.ts";
import { retryTimesOf } from "./retried-children.ts";
import type { ResumeWorkflowOptions } from "./run-options.ts";
import type { CrashedNode, RunParts } from "./run-parts.ts";
import type { RunResult, RunStarter } from "./run-starter.ts";
import { SettledResults } from "./settled-results.ts";
import { withExecutionId } from "./with-execution-id.ts";

/** The default of `maxRecoveries`. */
const DEFAULT_MAX_RECOVERIES = 5;

/** A lease may end early, so a waiter looks again at least this often, in milliseconds. */
const MAX_LEASE_POLL_MS = 1_000;

/** Settings of a resume that do not come from its caller. */
interface ResumeSettings {
  /** The workflow that the execution must be of. */
  workflowId?: string;
  /** The longest wait for a node's next attempt, in milliseconds, for which the run keeps the execution. */
  holdMs?: number;
  /** Resumes nothing that has failed: a person decides about that. */
  sparesFailed?: boolean;
  /** The run of its parent resumes it, and learns of its end by itself. */
  isDriven?: boolean;
  /** A recovery runs it: what it waits for afterwards is told by the answer to the delivery, or found by the next look. */
  isSwept?: boolean;
  /** See {@link RunParts}: for the runs of a recovery. */
  onLeft?: RunParts["onLeft"];
  /** The head, if the caller has read it just now. */
  head?: ExecutionRecord;
}

/** Resumes executions: looks, claims, writes what must be on record, and runs. */
export class Resumer {
  readonly #parts: EngineParts;
  readonly #starter: RunStarter;
  readonly #settled: SettledResults;

  constructor(parts: EngineParts, starter: RunStarter) {
    this.#parts = parts;
    this.#starter = starter;
    this.#settled = new SettledResults(parts, starter);
  }

  /** Returns the result of an execution as it is on record. */
  recorded(call: Call, head: ExecutionRecord): Promise<RunResult> {
    return this.#settled.recorded(call, head);
  }

  async resume(given: Call, options: ResumeWorkflowOptions, settings: ResumeSettings = {}): Promise<RunResult> {
    const { interrupts } = given;
    const { catalog } = this.#parts;
    const { executionId, nodeId, userId, budgetMs = Number.POSITIVE_INFINITY } = options;
    const { workflowId, holdMs = Number.POSITIVE_INFINITY, sparesFailed = false } = settings;
    const { isDriven = false, isSwept = false, onLeft } = settings;
    const head = settings.head ?? (await readHead(given.surroundings, executionId, userId));
    const call = head.parentId === undefined || isDriven ? given : await this.#announcing(given, head);
    const { surroundings } = call;
    if (workflowId !== undefined) refuseOther(head, workflowId);
    const answer = "data" in options ? readAnswer(surroundings, options.data) : undefined;
    if (answer !== undefined) {
      for (const run of this.#parts.runs.of(executionId)) {
        if (!(await isTaken(run.answer({ nodeId, ...answer })))) continue;
        return { result: await interrupts.within(run.result) };
      }
    }
    const resumeCall: ResumeCall = {
      nodeId,
      answer,
      holdMs: Math.min(holdMs, budgetMs - interrupts.elapsedMs),
      handOver: async (answer) => (await this.#parts.children()).handOver(answer, executionId),
    };
    let chosen = await chooseDefinition(catalog, head, { ...options, interrupts });
    const { workflow } = chosen;
    const isOther = options.definition === "current";
    const refuseUnfit = isOther ? (await import("./definition-fit.ts")).refuseUnfit : undefined;
    const fit = { surroundings, catalog, limits: interrupts };
    await refuseUnfit?.(fit, workflow, head);
    if ((await this.#lookBefore(call, resumeCall, { head, workflow })) === "rest") return this.recorded(call, head);
    if (workflow.hash !== head.definitionHash) await catalog.save(workflow, interrupts);
    const claimable = sparesFailed ? RECOVERABLE : RESUMABLE;
    const { claimed, endClaim } = await this.#claim(call, { ...options, from: claimable }, head);
    const { journal, record } = claimed;
    const emit = this.#parts.emitter.of(journal.record);
    let overdue: Overdue | undefined;
    let orphaned: FailureRecord | undefined;
    let crashed: readonly CrashedNode[] = [];
    let retryTimes: ReturnType<typeof retryTimesOf>;
    try {
      if (record.parentId !== undefined) orphaned = await (await this.#parts.children()).orphaned(record);
      // The run that was waited for may have changed to another definition.
      if (record.definitionHash !== head.definitionHash) {
        chosen = await chooseDefinition(catalog, record, { ...options, interrupts });
      }
      await refuseUnfit?.(fit, chosen.workflow, record, journal);
      const { maxRecoveries = DEFAULT_MAX_RECOVERIES, retry } = this.#parts;
      const found = { claimed, workflow: chosen.workflow, emit, retry };
      retryTimes = retryTimesOf(chosen.workflow, journal.progress);
      crashed = crashedNodes(found);
      const markOf = async (runs: readonly NodeRun[]) =>
        (await this.#parts.children()).progressOf(journal.executionId, runs);
      const children = await childProgress(found, maxRecoveries, markOf);
      const prepared = { ...found, crashed, children };
      overdue = endsBefore(prepared, { maxRecoveries, isRecovery: sparesFailed });
      const isOver = overdue !== undefined || orphaned !== undefined;
      if (!isOver && (await prepareResume(resumeCall, prepared)) === "rest") {
        await putBack(surroundings, claimed.record, claimed.before);
        endClaim();
        return await this.recorded(call, head);
      }
    } catch (error) {
      if (isWorkflowError(error) && afterRefusal(error.code) === "lost") {
        return await this.#settled.lost(call, { journal, ...chosen }, error).finally(endClaim);
      }
      await putBack(surroundings, claimed.record, claimed.before);
      endClaim();
      throw withExecutionId(error, journal.executionId);
    }
    if (orphaned !== undefined) {
      return this.#settled.endCancelled(call, { journal, ...chosen }, orphaned).finally(endClaim);
    }
    const { currentStep, totalSteps } = journal;
    emit({ type: "execution.resumed", currentStep, totalSteps, recoveries: record.recoveries });
    if (overdue !== undefined) {
      return this.#settled.endOverdue(call, { journal, ...chosen }, overdue).finally(endClaim);
    }
    const from = claimed.before.status;
    const begun = { options, journal, record, holdMs, from, retryTimes, crashed, isSwept, onLeft, ...chosen };
    const run = this.#starter.run(call, begun);
    endClaim();
    return run;
  }

  /** The same call, in which the parent of an execution becomes due before that one ends. */
  async #announcing(call: Call, head: ExecutionRecord): Promise<Call> {
    return { ...call, surroundings: (await this.#parts.children()).announcing(call.surroundings, head) };
  }

  /**
   * Decides, before anything is claimed, whether the call runs something or leaves the execution as it is.
   *
   * @throws {WorkflowError} NOT_WAITING, INVALID_ARGUMENT
   */
  async #lookBefore(
    { surroundings }: Call,
    resumeCall: ResumeCall,
    { head, workflow }: { head: ExecutionRecord; workflow: PreparedWorkflow },
  ): Promise<"run" | "rest"> {
    const { status, wakeAt, readAt: now, deadlineAt, id, userId } = head;
    const { nodeId, answer } = resumeCall;
    if (!looksBeforeClaim({ status, nodeId, hasData: answer !== undefined, wakeAt, now })) return "run";
    // After the claim, the deadline ends it.
    if (deadlineAt !== undefined && deadlineAt <= now && answer === undefined) return "run";
    const { journal, record, leaseExpired } = await readExecution(surroundings, id, { checkpoints: "last", userId });
    // It has an owner: the claim reports it, and waits if it may.
    if (record.status === "running" && !leaseExpired) return "run";
    return whatToDo(resumeCall, { journal, head: record, workflow });
  }

  /** Claims an execution. If another owner has the lease, waits for its end as long as the caller allows. */
  async #claim(
    { surroundings, interrupts }: Call,
    options: ResumeWorkflowOptions & Pick<ClaimOptions, "from">,
    head: ExecutionRecord,
  ): Promise<{ claimed: ClaimedExecution; endClaim: () => void }> {
    const { executionId, userId, waitForLeaseMs = 0, budgetMs = Number.POSITIVE_INFINITY, from } = options;
    const untilMs = Math.min(interrupts.elapsedMs + waitForLeaseMs, budgetMs);
    for (let before = head; ; before = await readHead(surroundings, executionId, userId)) {
      const endClaim = this.#parts.runs.claim(executionId);
      try {
        return { claimed: await claimExecution(surroundings, before, { from }), endClaim };
      } catch (error) {
        endClaim();
        const leftMs = untilMs - interrupts.elapsedMs;
        const mayWait = leftMs > 0 && interrupts.kind === undefined && !interrupts.isStopping;
        if (!isWorkflowError(error, "LEASE_HELD") || !mayWait) throw error;
        const retryAfterMs = Math.max(1, Number(error.details.retryAfterMs) || 1);
        await interrupts.sleep(Math.min(retryAfterMs, leftMs, MAX_LEASE_POLL_MS));
      }
    }
  }
}

function refuseOther(head: ExecutionRecord, workflowId: string): void {
  if (head.workflowId === workflowId) return;
  throw new WorkflowError(
    "INVALID_ARGUMENT",
    `Execution ${quoted(head.id)} is of another workflow than ${quoted(workflowId)}.`,
    { executionId: head.id },
  );
}
