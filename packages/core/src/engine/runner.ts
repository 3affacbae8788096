import type { ContextMode } from "../state/context-values.ts";
import type { ExecutionRecord } from "../store/checkpoint-store.ts";
import { type Call, withinCall } from "./call.ts";
import type { ChildRuns } from "./child-runs.ts";
import { createFor } from "./create-for.ts";
import type { EngineParts } from "./engine-parts.ts";
import type { ExecuteWorkflowResult, LegacyResult } from "./execution-result.ts";
import type { RecoveredRun } from "./recover-execution.ts";
import type { Resumer } from "./resumer.ts";
import { checkExecuteOptions, checkLegacyOptions, checkResumeOptions } from "./run-call-options.ts";
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
        return joinExecution({ parts: this.#parts, resumer }, call, options);
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
  start(given: StartExecutionOptions<object>): Promise<StartedExecution> {
    return withinCall(this.#parts, { options: {}, contextMode: "frozen" }, async (call) => {
      const { startExecution } = await import("./start-execution.ts");
      return startExecution(this.#parts, call, given);
    });
  }

  async resume(given: ResumeWorkflowOptions, contextMode: ContextMode): Promise<ExecuteWorkflowResult<Context>> {
    const options = checkResumeOptions(given);
    return this.#limited(options, contextMode, async (call) => (await this.#resuming()).resume(call, options));
  }

  /** Resumes an execution that has no owner: see recover-execution.ts. */
  async recover(
    head: ExecutionRecord,
    limits: Pick<RunOptions, "budgetMs" | "signal">,
    isFresh = false,
  ): Promise<RecoveredRun> {
    const { recoverExecution } = await import("./recover-execution.ts");
    return recoverExecution(this.#parts, await this.#resuming(), { head, limits, isFresh });
  }

  /** Keeps an answer and makes its execution due; runs nothing. */
  async answer(given: AnswerWaitOptions): Promise<void> {
    const { answerWait } = await import("./answer-wait.ts");
    await answerWait(this.#parts, given);
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
