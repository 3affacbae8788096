import { validate } from "../definition/standard-schema.ts";
import { isWorkflowError, WorkflowError } from "../errors.ts";
import type { ContextMode, ContextValues } from "../state/context-values.ts";
import { goBackTo } from "../state/go-back.ts";
import type { Journal, JournalOptions, SavedParts } from "../state/journal.ts";
import {
  type ClaimedExecution,
  claimExecution,
  createExecution,
  putBack,
  RESUMABLE,
  readHead,
} from "../state/open-execution.ts";
import type { ExecutionRecord } from "../store/checkpoint-store.ts";
import { checkExecuteOptions, checkResumeOptions } from "./call-options.ts";
import type { EventDraft, ExecutionEvent } from "./events.ts";
import { Interrupts } from "./interrupts.ts";
import { startHeartbeat } from "./lease.ts";
import type { WorkflowContext } from "./node-executor.ts";
import { lostResult, resultOf, throwFailure, withExecutionId } from "./results.ts";
import { restorePlanner, run } from "./run.ts";
import type {
  ExecuteWorkflowOptions,
  ExecuteWorkflowResult,
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

interface StartedRun {
  call: RunOptions;
  contextMode: ContextMode;
  workflow: PreparedWorkflow;
  journal: Journal;
  /** By `performance.now()`. */
  startedMs: number;
}

/** Starts runs and resumes them, and turns their ends into results. */
export class Runner<Context extends WorkflowContext> {
  readonly #options: RunnerOptions<Context>;

  constructor(options: RunnerOptions<Context>) {
    this.#options = options;
  }

  async execute(
    call: ExecuteWorkflowOptions<object>,
    contextMode: ContextMode,
  ): Promise<ExecuteWorkflowResult<Context>> {
    checkExecuteOptions(call);
    const { workflowId, userId, initialData = {}, executionId, resumeFromExecutionId, ...runOptions } = call;
    if (resumeFromExecutionId !== undefined) {
      return this.#resume({ ...runOptions, executionId: resumeFromExecutionId }, contextMode, { workflowId, userId });
    }
    const startedMs = performance.now();
    const { surroundings, catalog } = this.#options;
    const workflow = await catalog.current(workflowId, userId);
    const input = await validInput(workflow, initialData);
    await catalog.save(workflow);
    const { journal } = await createExecution(surroundings, {
      workflowId: workflow.id,
      userId,
      executionId,
      initialData: input,
      totalSteps: workflow.steps.length,
      definitionHash: workflow.hash,
    });
    this.#emitter(journal)({ type: "execution.started", totalSteps: workflow.steps.length });
    return this.#run({ call, startedMs, workflow, journal, contextMode });
  }

  async executeLegacy(call: ExecuteWorkflowOptions<object>): Promise<LegacyResult<Context>> {
    const { workflowId, userId, initialData = {} } = call;
    const result = await this.execute({ workflowId, userId, initialData }, "copy");
    if (result.success) return { success: true, output: result.output };
    return { success: false, error: result.error ?? `The execution is ${result.status}.` };
  }

  resume(call: ResumeWorkflowOptions, contextMode: ContextMode): Promise<ExecuteWorkflowResult<Context>> {
    return this.#resume(call, contextMode, undefined);
  }

  async #resume(
    call: ResumeWorkflowOptions,
    contextMode: ContextMode,
    expected: { workflowId: string; userId: string } | undefined,
  ): Promise<ExecuteWorkflowResult<Context>> {
    checkResumeOptions(call);
    const startedMs = performance.now();
    const { surroundings, catalog } = this.#options;
    const head = await readHead(surroundings, call.executionId);
    if (expected !== undefined) refuseOther(head, expected);
    const workflow = await this.#definitionOf(head, call.definition ?? "original");
    if (workflow.hash !== head.definitionHash) await catalog.save(workflow);
    const claimed = await this.#claim(call, head);
    const { journal } = claimed;
    try {
      await this.#prepare(call, claimed, workflow);
    } catch (error) {
      if (isWorkflowError(error) && WRONG_CALL.has(error.code))
        await putBack(surroundings, claimed.record, claimed.before);
      throw withExecutionId(error, journal.executionId);
    }
    const { currentStep, totalSteps } = journal;
    this.#emitter(journal)({ type: "execution.resumed", currentStep, totalSteps });
    return this.#run({ call, startedMs, workflow, journal, contextMode });
  }

  async #definitionOf(head: ExecutionRecord, which: "original" | "current"): Promise<PreparedWorkflow> {
    const { catalog } = this.#options;
    if (which === "original" && head.definitionHash !== undefined) {
      const original = await catalog.original(head.definitionHash);
      if (original !== undefined) return original;
    }
    return catalog.current(head.workflowId, head.userId);
  }

  /** Claims, and where another owner has the lease waits for its end as long as the caller allows. */
  async #claim(call: ResumeWorkflowOptions, head: ExecutionRecord): Promise<ClaimedExecution> {
    const { surroundings } = this.#options;
    const { clock } = surroundings;
    const from = call.fromNode === undefined ? RESUMABLE : [...RESUMABLE, "completed" as const];
    const untilMs = clock.now() + (call.waitForLeaseMs ?? 0);
    for (let before = head; ; before = await readHead(surroundings, call.executionId)) {
      try {
        return await claimExecution(surroundings, before, { from, history: call.fromNode !== undefined });
      } catch (error) {
        const leftMs = untilMs - clock.now();
        if (!isWorkflowError(error, "LEASE_HELD") || leftMs <= 0) throw error;
        const waitMs = Math.min(Math.max(1, Number(error.details.retryAfterMs)), leftMs, MAX_LEASE_POLL_MS);
        await new Promise<void>((resolve) => clock.schedule(waitMs, resolve));
      }
    }
  }

  /** Writes what must be on record before the first node runs: where it goes on from, and with what. */
  async #prepare(call: ResumeWorkflowOptions, claimed: ClaimedExecution, workflow: PreparedWorkflow): Promise<void> {
    const { journal, before } = claimed;
    const { codec } = this.#options.surroundings;
    if (call.fromNode !== undefined) {
      await goBackTo(journal, { nodeId: call.fromNode, codec, records: claimed.history.records });
    }
    const planner = restorePlanner(workflow, journal);
    const next = planner.next();
    const nodeId = next === undefined ? undefined : workflow.steps[next]?.node.id;
    if (call.nodeId !== undefined && call.nodeId !== nodeId) throw notWaitingAt(call.nodeId, journal, nodeId);
    const parts: SavedParts = {};
    if (nodeId !== undefined && before.status === "suspended" && call.fromNode === undefined) {
      parts.resumed = { nodeId, data: call.data };
    }
    if (nodeId !== undefined && before.status === "running") {
      parts.begun = { nodeId, attempt: (journal.attempts.get(nodeId) ?? 0) + 1 };
    }
    const totalSteps = workflow.steps.length - planner.skipped.length;
    const moved = totalSteps !== journal.totalSteps || workflow.hash !== journal.definitionHash;
    if (moved || Object.keys(parts).length > 0)
      await journal.save({ totalSteps, definitionHash: workflow.hash }, parts);
  }

  async #run({ call, contextMode, workflow, journal, startedMs }: StartedRun): Promise<ExecuteWorkflowResult<Context>> {
    const { surroundings, values, durability = "sync", retry, nodeTimeoutMs } = this.#options;
    const { clock, leaseMs, store } = surroundings;
    const { budgetMs, signal, throwOnFailure = false, timeoutMs = this.#options.timeoutMs } = call;
    const interrupts = new Interrupts(clock, { timeoutMs, signal });
    const onFailure = (error: unknown) => interrupts.raise("lost", error);
    const stopHeartbeat = startHeartbeat({ clock, journal, leaseMs, onFailure });
    const budgetEndsMs = budgetMs === undefined ? undefined : clock.now() + budgetMs;
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
        budgetEndsMs,
        durability,
        emit,
      });
      const facts = {
        journal,
        output: values.handOut(journal.context, contextMode, journal.holdsInstances) as Context,
        durationMs: performance.now() - startedMs,
      };
      const result = end.status === "lost" ? await lostResult(store, facts, end) : resultOf(facts, end);
      if (throwOnFailure && "thrown" in end) throwFailure(result, end.thrown);
      return result;
    } catch (error) {
      throw withExecutionId(error, journal.executionId);
    } finally {
      stopHeartbeat();
      interrupts[Symbol.dispose]();
    }
  }

  #emitter({ executionId, record }: Journal): (event: EventDraft) => void {
    const { onEvent, surroundings } = this.#options;
    if (onEvent === undefined) return () => undefined;
    const { workflowId } = record;
    return (event) => {
      try {
        onEvent({ executionId, workflowId, timestamp: surroundings.clock.now(), ...event } as ExecutionEvent);
      } catch {
        // A listener that fails must not fail the execution it listens to.
      }
    };
  }
}

/** Codes that say that the caller asked for something impossible: the execution is given back as it was. */
const WRONG_CALL = new Set(["INVALID_ARGUMENT", "STATE_NOT_SERIALIZABLE", "PAYLOAD_TOO_LARGE"]);

/** A lease may end early, so a waiter looks again at least this often, in milliseconds. */
const MAX_LEASE_POLL_MS = 1_000;

async function validInput(workflow: PreparedWorkflow, initialData: unknown): Promise<object> {
  if (workflow.input === undefined) return initialData as object;
  const result = await validate(workflow.input, initialData);
  if ("value" in result) return result.value as object;
  throw new WorkflowError(
    "INPUT_INVALID",
    `The initial data does not fit the input of workflow "${workflow.id}": ${result.problems.join("; ")}.`,
    { details: { workflowId: workflow.id, problems: result.problems } },
  );
}

function refuseOther(head: ExecutionRecord, expected: { workflowId: string; userId: string }): void {
  if (head.workflowId === expected.workflowId && head.userId === expected.userId) return;
  throw new WorkflowError(
    "INVALID_ARGUMENT",
    `Execution "${head.id}" is of another workflow or another user than "${expected.workflowId}" and "${expected.userId}".`,
    { executionId: head.id },
  );
}

function notWaitingAt(nodeId: string, journal: Journal, next: string | undefined): WorkflowError {
  const where = next === undefined ? "has no node left to run" : `goes on at node "${next}"`;
  return new WorkflowError("INVALID_ARGUMENT", `Execution "${journal.executionId}" ${where}, not at "${nodeId}".`, {
    executionId: journal.executionId,
    details: { nodeId, next },
  });
}
