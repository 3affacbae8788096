import { validate } from "../definition/standard-schema.ts";
import { isWorkflowError, WorkflowError } from "../errors.ts";
import type { ContextMode, ContextValues } from "../state/context-values.ts";
import type { Journal } from "../state/journal.ts";
import {
  type ClaimedExecution,
  claimExecution,
  createExecution,
  putBack,
  readExecution,
  readHead,
} from "../state/open-execution.ts";
import type { Surroundings } from "../state/surroundings.ts";
import { withinLimits } from "../state/surroundings.ts";
import type { ExecutionRecord } from "../store/checkpoint-store.ts";
import { tell } from "../tell.ts";
import { quoted } from "../text.ts";
import { checkExecuteOptions, checkLegacyOptions, checkResumeOptions } from "./call-options.ts";
import { looksBeforeClaim } from "./decide.ts";
import type { WorkflowEngineOptions } from "./engine-options.ts";
import type { EventDraft, ExecutionEvent } from "./events.ts";
import type { ExecutionChanges } from "./execution-changes.ts";
import type { ExecuteWorkflowResult, LegacyResult } from "./execution-result.ts";
import { Interrupts } from "./interrupts.ts";
import { startHeartbeat } from "./lease.ts";
import { lostResult, resultOf, throwFailure } from "./results.ts";
import { keepAnswer, prepareResume, whatToDo } from "./resume.ts";
import { run } from "./run.ts";
import type {
  ExecuteWorkflowOptions,
  ExecuteWorkflowSyncOptions,
  ResumeWorkflowOptions,
  RunOptions,
} from "./run-options.ts";
import type { RunEnd } from "./run-parts.ts";
import { withExecutionId } from "./with-execution-id.ts";
import type { PreparedWorkflow, WorkflowCatalog } from "./workflow-catalog.ts";

/** An engine's parts. */
export type RunnerOptions = Pick<
  WorkflowEngineOptions,
  "retry" | "nodeTimeoutMs" | "timeoutMs" | "durability" | "onEvent"
> & { surroundings: Surroundings; catalog: WorkflowCatalog; changes: ExecutionChanges; values: ContextValues };

/** One call, with its limits. */
interface Call {
  contextMode: ContextMode;
  interrupts: Interrupts;
  /** A wait for the store ends with the call's limits. */
  surroundings: Surroundings;
}

/** The definition that a run works with. */
interface ChosenDefinition {
  workflow: PreparedWorkflow;
  /** The engine has none, or another one. */
  definitionChanged: boolean;
}

interface StartedRun extends ChosenDefinition {
  options: RunOptions;
  journal: Journal;
}

/** Starts runs and resumes them, and turns their ends into results. */
export class Runner<Context extends object> {
  readonly #options: RunnerOptions;

  constructor(options: RunnerOptions) {
    this.#options = options;
  }

  async execute(
    given: ExecuteWorkflowOptions<object>,
    contextMode: ContextMode,
  ): Promise<ExecuteWorkflowResult<Context>> {
    const options = checkExecuteOptions(given);
    const { workflowId, userId, initialData = {}, executionId, resumeFromExecutionId, ...runOptions } = options;
    if (resumeFromExecutionId !== undefined) {
      return this.#resume({ ...runOptions, executionId: resumeFromExecutionId, userId }, contextMode, workflowId);
    }
    return this.#limited(options, contextMode, async (call) => {
      const { interrupts, surroundings } = call;
      const { catalog } = this.#options;
      const workflow = await interrupts.within(catalog.current(workflowId, userId));
      const { input } = await interrupts.within(validInput(workflow, initialData));
      await catalog.save(workflow, interrupts);
      const { journal } = await createExecution(surroundings, {
        metadata: options.metadata,
        workflowId: workflow.id,
        userId,
        executionId,
        initialData: input,
        totalSteps: workflow.steps.length,
        definitionHash: workflow.hash,
      });
      this.#emitter(journal)({ type: "execution.started", totalSteps: workflow.steps.length });
      return this.#run(call, { options, workflow, journal, definitionChanged: false });
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
    workflowId: string | undefined,
  ): Promise<ExecuteWorkflowResult<Context>> {
    return this.#limited(options, contextMode, async (call) => {
      const { interrupts, surroundings } = call;
      const head = await readHead(surroundings, options.executionId, options.userId);
      if (workflowId !== undefined) refuseOther(head, workflowId);
      const answer = keepAnswer(surroundings, options);
      let chosen = await this.#definitionOf(head, options.definition, interrupts);
      const { workflow } = chosen;
      if ((await this.#lookBefore(surroundings, options, { head, workflow })) === "rest")
        return this.#resting(call, head, chosen);
      if (workflow.hash !== head.definitionHash) await this.#options.catalog.save(workflow, interrupts);
      const claimed = await this.#claim(call, options, head);
      const { journal, record } = claimed;
      try {
        // The run that was waited for may have gone over to another definition.
        if (record.definitionHash !== head.definitionHash) {
          chosen = await this.#definitionOf(record, options.definition, interrupts);
        }
        if ((await prepareResume(options, { claimed, workflow: chosen.workflow, answer })) === "rest") {
          await putBack(surroundings, claimed.record, claimed.before);
          return await this.#resting(call, head, chosen);
        }
      } catch (error) {
        await putBack(surroundings, claimed.record, claimed.before);
        throw withExecutionId(error, journal.executionId);
      }
      const { currentStep, totalSteps } = journal;
      this.#emitter(journal)({ type: "execution.resumed", currentStep, totalSteps });
      return this.#run(call, { options, journal, ...chosen });
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
  async #definitionOf(
    { definitionHash, ...head }: ExecutionRecord,
    which: ResumeWorkflowOptions["definition"],
    interrupts: Interrupts,
  ): Promise<ChosenDefinition> {
    const { catalog } = this.#options;
    const { workflowId, userId } = head;
    if (which === "current" || definitionHash === undefined) {
      return { workflow: await interrupts.within(catalog.current(workflowId, userId)), definitionChanged: false };
    }
    const workflow = await catalog.original(definitionHash, head, interrupts);
    return { workflow, definitionChanged: !(await interrupts.within(catalog.isCurrent(workflow, userId))) };
  }

  /**
   * Looks, before anything is claimed, whether the call would run something or find only a wait that it does not answer.
   *
   * @throws {WorkflowError} NOT_WAITING
   */
  async #lookBefore(
    surroundings: Surroundings,
    options: ResumeWorkflowOptions,
    { head, workflow }: { head: ExecutionRecord; workflow: PreparedWorkflow },
  ): Promise<"run" | "rest"> {
    const { executionId, nodeId, userId } = options;
    if (!looksBeforeClaim({ status: head.status, nodeId, hasData: "data" in options })) return "run";
    const { journal, record, leaseExpired } = await readExecution(surroundings, executionId, {
      checkpoints: "last",
      ...(userId !== undefined && { userId }),
    });
    // Somebody has it: the claim reports who, and waits if it may.
    if (record.status === "running" && !leaseExpired) return "run";
    return whatToDo(options, { journal, status: record.status, workflow });
  }

  /** The result of a call that has found an execution that only waits. */
  async #resting(
    call: Call,
    head: ExecutionRecord,
    { definitionChanged }: ChosenDefinition,
  ): Promise<ExecuteWorkflowResult<Context>> {
    const { id, userId } = head;
    const { journal, record } = await readExecution(call.surroundings, id, { checkpoints: "last", userId });
    return this.#result(
      call,
      { journal, definitionChanged },
      {
        status: "suspended",
        wakeAt: record.wakeAt,
        waiting: record.waiting,
      },
    );
  }

  /** Claims, and if another owner has the lease waits for its end as long as the caller allows. */
  async #claim(
    { surroundings, interrupts }: Call,
    { executionId, userId, waitForLeaseMs = 0, budgetMs = Number.POSITIVE_INFINITY }: ResumeWorkflowOptions,
    head: ExecutionRecord,
  ): Promise<ClaimedExecution> {
    const untilMs = Math.min(interrupts.elapsedMs + waitForLeaseMs, budgetMs);
    for (let before = head; ; before = await readHead(surroundings, executionId, userId)) {
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

  async #run(call: Call, started: StartedRun): Promise<ExecuteWorkflowResult<Context>> {
    const { options, workflow, journal } = started;
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
      const result = await this.#result(call, started, end);
      if (throwOnFailure && "thrown" in end) throwFailure(result, end.thrown);
      return result;
    } catch (error) {
      throw withExecutionId(error, journal.executionId);
    } finally {
      stopHeartbeat();
    }
  }

  async #result(
    call: Call,
    { journal, definitionChanged }: Pick<StartedRun, "journal" | "definitionChanged">,
    end: RunEnd,
  ): Promise<ExecuteWorkflowResult<Context>> {
    const { contextMode, interrupts, surroundings } = call;
    const output = this.#options.values.handOut(journal.context, contextMode, journal.holdsInstances) as Context;
    const facts = { journal, output, durationMs: interrupts.elapsedMs, definitionChanged };
    return end.status === "lost" ? lostResult(surroundings.store, facts, end) : resultOf(facts, end);
  }

  #emitter({ executionId, record }: Journal): (event: EventDraft) => void {
    const { onEvent, surroundings, changes } = this.#options;
    const { workflowId } = record;
    return (event) => {
      if (event.type !== "log") changes.notify(executionId);
      if (onEvent === undefined) return;
      tell(onEvent, { executionId, workflowId, timestamp: surroundings.clock.now(), ...event } as ExecutionEvent);
    };
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

function refuseOther(head: ExecutionRecord, workflowId: string): void {
  if (head.workflowId === workflowId) return;
  throw new WorkflowError(
    "INVALID_ARGUMENT",
    `Execution ${quoted(head.id)} is of another workflow than ${quoted(workflowId)}.`,
    { executionId: head.id },
  );
}
