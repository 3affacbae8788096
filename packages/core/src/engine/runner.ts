import type { ContextMode } from "../state/context-values.ts";
import { executionIdOf } from "../state/wait-token.ts";
import type { ExecutionRecord } from "../store/checkpoint-store.ts";
import { type Call, withinCall } from "./call.ts";
import type { ChildRuns } from "./child-runs.ts";
import { createFor } from "./create-for.ts";
import { RECOVERY_HOLD_MS } from "./decide.ts";
import type { EngineParts } from "./engine-parts.ts";
import type { ExecuteWorkflowResult, LegacyResult } from "./execution-result.ts";
import type { Resumer } from "./resumer.ts";
import {
  checkAnswerOptions,
  checkExecuteOptions,
  checkLegacyOptions,
  checkResumeOptions,
  checkStartOptions,
} from "./run-call-options.ts";
import type {
  AnswerWaitOptions,
  ExecuteWorkflowOptions,
  ExecuteWorkflowSyncOptions,
  ResumeWorkflowOptions,
  RunOptions,
  StartExecutionOptions,
  StartedExecution,
} from "./run-options.ts";
import { type RunResult, RunStarter } from "./run-starter.ts";

/** The calls that run, start or answer executions. */
export class Runner<Context extends object> {
  readonly #parts: EngineParts;
  readonly #starter: RunStarter;
  #resumer: Promise<Resumer> | undefined;

  constructor(given: Omit<EngineParts, "children">) {
    let children: Promise<ChildRuns> | undefined;
    const load = async () => {
      const { Children } = await import("./children.ts");
      return new Children(parts, this.#starter, await this.#resuming());
    };
    const parts: EngineParts = {
      ...given,
      children: () => {
        children ??= load();
        return children;
      },
    };
    this.#parts = parts;
    this.#starter = new RunStarter(parts);
  }

  /** Loaded by the first call that needs what stands in the store: a run of a new execution costs less. */
  #resuming(): Promise<Resumer> {
    this.#resumer ??= import("./resumer.ts").then(({ Resumer }) => new Resumer(this.#parts, this.#starter));
    return this.#resumer;
  }

  async execute(
    given: ExecuteWorkflowOptions<object>,
    contextMode: ContextMode,
  ): Promise<ExecuteWorkflowResult<Context>> {
    const options = checkExecuteOptions(given);
    const { workflowId, userId, resumeFromExecutionId, throwOnFailure = false } = options;
    if (resumeFromExecutionId !== undefined) {
      const { limitsOf } = await import("./limits-of.ts");
      const resumed = { ...limitsOf(options), throwOnFailure, executionId: resumeFromExecutionId, userId };
      return this.#limited(resumed, contextMode, async (call) => {
        const resumer = await this.#resuming();
        return resumer.resume(call, resumed, { workflowId });
      });
    }
    return this.#limited(options, contextMode, async (call) => {
      const { workflow, opened } = await createFor(this.#parts, call, { options });
      if (opened === undefined) {
        const { joinExecution } = await import("./join-execution.ts");
        const resumer = await this.#resuming();
        return joinExecution({ parts: this.#parts, starter: this.#starter, resumer }, call, options);
      }
      const { journal, record } = opened;
      this.#parts.emitter.of(record)({ type: "execution.started", totalSteps: journal.totalSteps });
      const holdMs = Number.POSITIVE_INFINITY;
      return this.#starter.run(call, { options, workflow, journal, record, holdMs, definitionChanged: false });
    });
  }

  async executeLegacy(given: ExecuteWorkflowSyncOptions<object>): Promise<LegacyResult<Context>> {
    const options = checkLegacyOptions(given);
    const result = await this.execute(options, "copy");
    const { legacyResult } = await import("./legacy-result.ts");
    return legacyResult(result);
  }

  /** Creates an execution that is due at once, and runs nothing. */
  async start(given: StartExecutionOptions<object>): Promise<StartedExecution> {
    const options = checkStartOptions(given);
    const { emitter, hint } = this.#parts;
    const { userId, priority, store } = options;
    // A view of a transaction that does not say which one: outside of it, the execution is not there yet.
    const isHinted = store === undefined || store.transaction !== undefined;
    const made = (executionId: string) =>
      isHinted ? hint?.(executionId, { tenant: userId, priority, transaction: store?.transaction }) : undefined;
    return withinCall(this.#parts, { options: {}, contextMode: "frozen" }, async (call) => {
      const { opened } = await createFor(this.#parts, call, { options, isPending: true, store });
      if (opened !== undefined) {
        const { id: executionId, totalSteps } = opened.record;
        // Inside the caller's transaction, nobody sees it yet.
        if (store === undefined) emitter.of(opened.record)({ type: "execution.created", totalSteps });
        await made(executionId);
        return { executionId, created: true };
      }
      const { executionId = "" } = options;
      const { readHead, shownStatus } = await stored();
      const head = await readHead(call.surroundings, executionId, userId);
      if (options.ifExists === "resume" && shownStatus(head) === "failed") {
        const { makeDue } = await import("./keep-answer.ts");
        await makeDue(call.surroundings, head);
        await made(executionId);
      }
      return { executionId, created: false };
    });
  }

  async resume(given: ResumeWorkflowOptions, contextMode: ContextMode): Promise<ExecuteWorkflowResult<Context>> {
    const options = checkResumeOptions(given);
    return this.#limited(options, contextMode, async (call) => (await this.#resuming()).resume(call, options));
  }

  /**
   * Resumes an execution that has no owner, if this engine can run it. Returns the status of the result.
   *
   * - With `isFresh`, the head was read just now; otherwise it is read again. The claim decides in both cases.
   *
   * @throws {WorkflowError} why it is left as it is; LEASE_HELD if it is not to be recovered any more
   */
  async recover(
    head: ExecutionRecord,
    limits: Pick<RunOptions, "budgetMs" | "signal">,
    isFresh = false,
  ): Promise<ExecuteWorkflowResult["status"]> {
    const { contextMode = "frozen", surroundings, catalog, runs } = this.#parts;
    const { checkHead, readHead, refuseIncompleteImport } = await stored();
    const { isRecoverable, taken, withoutDefinition } = await import("./recoverable.ts");
    const before = isFresh ? head : await readHead(surroundings, head.id);
    checkHead(before);
    // A draining engine leaves it to others.
    if (runs.isDraining || !isRecoverable(before)) throw taken(before.id);
    refuseIncompleteImport(before);
    const { id: executionId, workflowId, userId } = before;
    // An execution that was made by hand is continued by hand.
    if (before.definitionHash === undefined) throw withoutDefinition(before);
    const options = { ...limits, executionId, userId };
    const settings = { workflowId, holdMs: RECOVERY_HOLD_MS, sparesFailed: true, isSwept: true, head: before };
    const { status } = await this.#limited(options, contextMode, async (call) => {
      await call.interrupts.within(catalog.requireKnown(workflowId, userId));
      return (await this.#resuming()).resume(call, options, settings);
    });
    return status;
  }

  /** Keeps an answer and makes its execution due; runs nothing. */
  async answer(given: AnswerWaitOptions): Promise<void> {
    const { waitToken, userId, data: live } = checkAnswerOptions(given);
    const executionId = executionIdOf(waitToken);
    const { readAnswer, tokenRefused } = await import("./answers.ts");
    if (executionId === undefined) throw tokenRefused();
    const { data } = readAnswer(this.#parts.surroundings, live);
    const { giveAnswer } = await import("./give-answer.ts");
    const head = await giveAnswer(this.#parts, { executionId, userId, waitToken, data });
    if (head?.parentId !== undefined) await (await this.#parts.children()).wakeAncestors(head);
  }

  async #limited(
    options: RunOptions,
    contextMode: ContextMode,
    work: (call: Call) => Promise<RunResult>,
  ): Promise<ExecuteWorkflowResult<Context>> {
    const { result, thrown } = await withinCall(this.#parts, { options, contextMode }, work);
    const hasFailed = ["failed", "cancelled", "lost"].includes(result.status);
    if (options.throwOnFailure === true && hasFailed) {
      const { throwFailure } = await import("./throw-failure.ts");
      throwFailure(result, thrown);
    }
    return result as ExecuteWorkflowResult<Context>;
  }
}

/** Loaded by the first call that opens an execution. */
async function stored() {
  const { readHead } = await import("../state/open-execution.ts");
  const { checkHead } = await import("../state/checked-history.ts");
  return { readHead, checkHead, ...(await import("../state/incomplete-import.ts")) };
}
