import { validate } from "../definition/standard-schema.ts";
import { isWorkflowError, WorkflowError } from "../errors.ts";
import type { ContextMode, ContextValues } from "../state/context-values.ts";
import type { Journal, JournalOptions } from "../state/journal.ts";
import {
  type ClaimedExecution,
  claimExecution,
  createExecution,
  putBack,
  readExecution,
  readHead,
} from "../state/open-execution.ts";
import { withinLimits } from "../state/surroundings.ts";
import type { ExecutionRecord } from "../store/checkpoint-store.ts";
import { tell } from "../tell.ts";
import { quoted } from "../text.ts";
import { checkExecuteOptions, checkLegacyOptions, checkResumeOptions } from "./call-options.ts";
import type { EventDraft, ExecutionEvent } from "./events.ts";
import { Interrupts } from "./interrupts.ts";
import { startHeartbeat } from "./lease.ts";
import type { WorkflowContext } from "./node-executor.ts";
import { lostResult, resultOf, throwFailure, withExecutionId } from "./results.ts";
import { keepAnswer, prepareResume, whatToDo } from "./resume.ts";
import { run } from "./run.ts";
import type { RunEnd } from "./run-context.ts";
import type {
  ExecuteWorkflowOptions,
  ExecuteWorkflowResult,
  ExecuteWorkflowSyncOptions,
  LegacyResult,
  ResumeWorkflowOptions,
  RunOptions,
  WorkflowEngineOptions,
} from "./types.ts";
import type { PreparedWorkflow, WorkflowCatalog } from "./workflow-catalog.ts";

/** An engine's parts. */
export type RunnerOptions<Context extends WorkflowContext> = Pick<
  WorkflowEngineOptions<Context>,
  "retry" | "nodeTimeoutMs" | "timeoutMs" | "durability" | "onEvent"
> & { surroundings: JournalOptions; catalog: WorkflowCatalog; values: ContextValues };

/** One call, with its limits. */
interface Call {
  contextMode: ContextMode;
  interrupts: Interrupts;
  /** A wait for the store ends with the call's limits. */
  surroundings: JournalOptions;
}

interface StartedRun {
  options: RunOptions;
  workflow: PreparedWorkflow;
  journal: Journal;
}

/** Starts runs and resumes them, and turns their ends into results. */
export class Runner<Context extends WorkflowContext> {
  readonly #options: RunnerOptions<Context>;

  constructor(options: RunnerOptions<Context>) {
    this.#options = options;
  }

  async execute(
    given: ExecuteWorkflowOptions<object>,
    contextMode: ContextMode,
  ): Promise<ExecuteWorkflowResult<Context>> {
    const options = checkExecuteOptions(given);
    const { workflowId, userId, initialData = {}, executionId, resumeFromExecutionId, ...runOptions } = options;
    if (resumeFromExecutionId !== undefined) {
      return this.#resume({ ...runOptions, executionId: resumeFromExecutionId }, contextMode, { workflowId, userId });
    }
    return this.#limited(options, contextMode, async (call) => {
      const { interrupts, surroundings } = call;
      const { catalog } = this.#options;
      const workflow = await interrupts.within(catalog.current(workflowId, userId));
      const { input } = await interrupts.within(validInput(workflow, initialData));
      await catalog.save(workflow, interrupts);
      const { journal } = await createExecution(surroundings, {
        workflowId: workflow.id,
        userId,
        executionId,
        initialData: input,
        totalSteps: workflow.steps.length,
        definitionHash: workflow.hash,
      });
      this.#emitter(journal)({ type: "execution.started", totalSteps: workflow.steps.length });
      return this.#run(call, { options, workflow, journal });
    });
  }

  async executeLegacy(given: ExecuteWorkflowSyncOptions<object>): Promise<LegacyResult<Context>> {
    const options = checkLegacyOptions(given);
    const { success, output, error, status, executionId } = await this.execute(options, "copy");
    if (success) return { success, output, executionId };
    return { success, error: error ?? `The execution is ${status}.`, executionId };
  }

  resume(call: ResumeWorkflowOptions, contextMode: ContextMode): Promise<ExecuteWorkflowResult<Context>> {
    return this.#resume(checkResumeOptions(call), contextMode, undefined);
  }

  #resume(
    options: ResumeWorkflowOptions,
    contextMode: ContextMode,
    expected: { workflowId: string; userId: string } | undefined,
  ): Promise<ExecuteWorkflowResult<Context>> {
    return this.#limited(options, contextMode, async (call) => {
      const { interrupts, surroundings } = call;
      const head = await readHead(surroundings, options.executionId);
      if (expected !== undefined) refuseOther(head, expected);
      const answer = keepAnswer(surroundings, options);
      let workflow = await this.#definitionOf(head, options.definition, interrupts);
      if ((await this.#lookBefore(surroundings, options, { head, workflow })) === "rest")
        return this.#resting(call, head);
      if (workflow.hash !== head.definitionHash) await this.#options.catalog.save(workflow, interrupts);
      const claimed = await this.#claim(call, options, head);
      const { journal, record } = claimed;
      try {
        // The run that was waited for may have gone over to another definition.
        if (record.definitionHash !== head.definitionHash) {
          workflow = await this.#definitionOf(record, options.definition, interrupts);
        }
        if ((await prepareResume(options, { claimed, workflow, answer })) === "rest") {
          await putBack(surroundings, claimed.record, claimed.before);
          return await this.#resting(call, head);
        }
      } catch (error) {
        await putBack(surroundings, claimed.record, claimed.before);
        throw withExecutionId(error, journal.executionId);
      }
      const { currentStep, totalSteps } = journal;
      this.#emitter(journal)({ type: "execution.resumed", currentStep, totalSteps });
      return this.#run(call, { options, workflow, journal });
    });
  }

  /** Makes a call within its limits. One without limits waits for its store without being watched: that costs nothing. */
  async #limited<T>(options: RunOptions, contextMode: ContextMode, work: (call: Call) => Promise<T>): Promise<T> {
    const { surroundings } = this.#options;
    const { timeoutMs = this.#options.timeoutMs, budgetMs, signal } = options;
    const isBounded = [timeoutMs, budgetMs, signal].some((limit) => limit !== undefined);
    const interrupts = new Interrupts(surroundings.clock, { timeoutMs, budgetMs, signal });
    try {
      return await work({
        contextMode,
        interrupts,
        surroundings: isBounded ? withinLimits(surroundings, interrupts) : surroundings,
      });
    } finally {
      interrupts[Symbol.dispose]();
    }
  }

  /** The definition to run: another one than the execution's own only if the caller says so. */
  #definitionOf(
    { definitionHash, ...head }: ExecutionRecord,
    which: ResumeWorkflowOptions["definition"],
    interrupts: Interrupts,
  ): Promise<PreparedWorkflow> {
    const { catalog } = this.#options;
    if (which !== "current" && definitionHash !== undefined) return catalog.original(definitionHash, head, interrupts);
    return interrupts.within(catalog.current(head.workflowId, head.userId));
  }

  /**
   * Looks, before anything is claimed, whether the call would run something or find only a wait that it does not answer.
   *
   * @throws {WorkflowError} NOT_WAITING
   */
  async #lookBefore(
    surroundings: JournalOptions,
    options: ResumeWorkflowOptions,
    { head, workflow }: { head: ExecutionRecord; workflow: PreparedWorkflow },
  ): Promise<"run" | "rest"> {
    const { executionId, nodeId } = options;
    if (!("data" in options) && nodeId === undefined && head.status !== "suspended") return "run";
    const { journal, record, leaseExpired } = await readExecution(surroundings, executionId, "last");
    // Somebody has it: the claim reports who, and waits if it may.
    if (record.status === "running" && !leaseExpired) return "run";
    return whatToDo(options, { journal, status: record.status, workflow });
  }

  /** The result of a call that has found an execution that only waits. */
  async #resting(call: Call, { id }: ExecutionRecord): Promise<ExecuteWorkflowResult<Context>> {
    const { journal } = await readExecution(call.surroundings, id, "last");
    return this.#result(call, journal, { status: "suspended" });
  }

  /** Claims, and if another owner has the lease waits for its end as long as the caller allows. */
  async #claim(
    { surroundings, interrupts }: Call,
    { executionId, waitForLeaseMs = 0, budgetMs = Number.POSITIVE_INFINITY }: ResumeWorkflowOptions,
    head: ExecutionRecord,
  ): Promise<ClaimedExecution> {
    const untilMs = Math.min(interrupts.elapsedMs + waitForLeaseMs, budgetMs);
    for (let before = head; ; before = await readHead(surroundings, executionId)) {
      try {
        return await claimExecution(surroundings, before);
      } catch (error) {
        const leftMs = untilMs - interrupts.elapsedMs;
        const mayWait = leftMs > 0 && interrupts.kind === undefined;
        if (!isWorkflowError(error, "LEASE_HELD") || !mayWait) throw error;
        const retryAfterMs = Math.max(1, Number(error.details.retryAfterMs) || 1);
        await interrupts.sleep(Math.min(retryAfterMs, leftMs, MAX_LEASE_POLL_MS));
      }
    }
  }

  async #run(call: Call, { options, workflow, journal }: StartedRun): Promise<ExecuteWorkflowResult<Context>> {
    const { contextMode, interrupts } = call;
    const { values, durability = "sync", retry, nodeTimeoutMs } = this.#options;
    const { clock, leaseMs } = call.surroundings;
    const onLost = (error: unknown) => interrupts.raise("lost", error);
    const stopHeartbeat = startHeartbeat({ clock, journal, leaseMs, onLost });
    const { budgetMs, throwOnFailure = false } = options;
    const emit = this.#emitter(journal);
    try {
      const end = await run({
        workflow,
        journal,
        values,
        contextMode,
        clock,
        interrupts,
        retry,
        nodeTimeoutMs,
        budgetMs,
        durability,
        emit,
      });
      const result = await this.#result(call, journal, end);
      if (throwOnFailure && "thrown" in end) throwFailure(result, end.thrown);
      return result;
    } catch (error) {
      throw withExecutionId(error, journal.executionId);
    } finally {
      stopHeartbeat();
    }
  }

  async #result(call: Call, journal: Journal, end: RunEnd): Promise<ExecuteWorkflowResult<Context>> {
    const { contextMode, interrupts, surroundings } = call;
    const output = this.#options.values.handOut(journal.context, contextMode, journal.holdsInstances) as Context;
    const facts = { journal, output, durationMs: interrupts.elapsedMs };
    return end.status === "lost" ? lostResult(surroundings.store, facts, end) : resultOf(facts, end);
  }

  #emitter({ executionId, record }: Journal): (event: EventDraft) => void {
    const { onEvent, surroundings } = this.#options;
    if (onEvent === undefined) return () => undefined;
    const { workflowId } = record;
    return (event) =>
      tell(onEvent, { executionId, workflowId, timestamp: surroundings.clock.now(), ...event } as ExecutionEvent);
  }
}

/** A lease may end early, so a waiter looks again at least this often, in milliseconds. */
const MAX_LEASE_POLL_MS = 1_000;

/** In an object of its own: a promise of the data itself would call a `then` among its keys. */
async function validInput(workflow: PreparedWorkflow, initialData: unknown): Promise<{ input: object }> {
  if (workflow.input === undefined) return { input: initialData as object };
  const result = await validate(workflow.input, initialData);
  if ("value" in result) return { input: result.value as object };
  throw new WorkflowError(
    "INPUT_INVALID",
    `The initial data does not fit the input of workflow ${quoted(workflow.id)}: ${result.problems.join("; ")}.`,
    { details: { workflowId: workflow.id, problems: result.problems } },
  );
}

function refuseOther(head: ExecutionRecord, expected: { workflowId: string; userId: string }): void {
  if (head.workflowId === expected.workflowId && head.userId === expected.userId) return;
  throw new WorkflowError(
    "INVALID_ARGUMENT",
    `Execution ${quoted(head.id)} is of another workflow or another user than ${quoted(expected.workflowId)} and ${quoted(expected.userId)}.`,
    { executionId: head.id },
  );
}
