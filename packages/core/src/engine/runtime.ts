import { ContextValues } from "../state/context-values.ts";
import type { Surroundings } from "../state/surroundings.ts";
import { drain } from "./drain.ts";
import { Emitter, type EmitterOptions } from "./emitter.ts";
import type { WorkflowEngineOptions } from "./engine-options.ts";
import type { Hint } from "./engine-parts.ts";
import type { ExecutionEvent } from "./events.ts";
import { ExecutionChanges } from "./execution-changes.ts";
import type { ExecutionInspection, InspectExecutionOptions } from "./execution-inspection.ts";
import type { ExecutionWatches } from "./execution-watches.ts";
import type { Executions } from "./executions.ts";
import type { FamilyParts } from "./family.ts";
import type { ForkExecutionOptions } from "./fork-options.ts";
import { LiveRuns } from "./live-runs.ts";
import type { WorkflowContext } from "./node-executor.ts";
import type { Recovery } from "./recovery.ts";
import type { DrainOptions } from "./run-options.ts";
import { Runner } from "./runner.ts";
import { WorkflowCatalog } from "./workflow-catalog.ts";

/**
 * Connects the parts of an engine. The first call that needs them loads this file. Parts that run no workflows are loaded
 * when they are first used.
 */
export class Runtime {
  readonly runner: Runner<WorkflowContext>;
  readonly changes = new ExecutionChanges();
  readonly #surroundings: Surroundings;
  readonly #runs = new LiveRuns();
  readonly #emitter: Emitter;
  readonly #hint: Hint | undefined;
  /** The parts that connect executions with each other. */
  readonly #family: FamilyParts;
  #executions: Promise<Executions> | undefined;
  #watches: Promise<ExecutionWatches> | undefined;
  #recovery: Promise<Recovery> | undefined;

  /** Loads what only some engines need, and makes the parts of one. */
  static async of(
    options: WorkflowEngineOptions,
    surroundings: Surroundings,
    listeners: ReadonlySet<(event: ExecutionEvent) => void>,
  ): Promise<Runtime> {
    const { redact: keys } = options;
    if (keys === undefined) return new Runtime(options, surroundings, { listeners });
    const { redacted } = await import("./redact.ts");
    const redact = (fields: object) => redacted(fields, keys) as object;
    return new Runtime(options, surroundings, { listeners, redact });
  }

  private constructor(
    options: WorkflowEngineOptions,
    surroundings: Surroundings,
    { listeners, redact }: Pick<EmitterOptions, "listeners" | "redact">,
  ) {
    const { store, clock, codec } = surroundings;
    const { workflows, executors, dispatcher, onEvent, logger } = options;
    this.#surroundings = surroundings;
    const { changes } = this;
    this.#emitter = new Emitter({ clock, changes, onEvent, listeners, logger, redact });
    if (dispatcher !== undefined) {
      const parts = { dispatcher, clock, emitter: this.#emitter };
      let hints: Promise<typeof import("./hints.ts")> | undefined;
      this.#hint = async (id, given) => {
        hints ??= import("./hints.ts");
        return (await hints).hint(parts, id, given);
      };
    }
    this.#family = {
      surroundings,
      changes,
      hint: this.#hint,
      retry: options.retry,
      wake: () => this.wake(),
      catalog: new WorkflowCatalog({ store, clock, workflows, executors }),
      runs: this.#runs,
      emitter: this.#emitter,
    };
    this.runner = new Runner({ ...options, ...this.#family, values: new ContextValues(codec) });
  }

  executions(): Promise<Executions> {
    this.#executions ??= import("./executions.ts").then(({ Executions }) => new Executions(this.#family));
    return this.#executions;
  }

  watches(): Promise<ExecutionWatches> {
    this.#watches ??= import("./execution-watches.ts").then(
      ({ ExecutionWatches }) => new ExecutionWatches(this.#surroundings, this.changes),
    );
    return this.#watches;
  }

  recovery(): Promise<Recovery> {
    this.#recovery ??= import("./recovery.ts").then(
      ({ Recovery }) =>
        new Recovery({
          surroundings: this.#surroundings,
          hint: this.#hint,
          recover: (head, limits, isFresh) => this.runner.recover(head, limits, isFresh),
          emitter: this.#emitter,
          runs: this.#runs,
        }),
    );
    return this.#recovery;
  }

  /** Notes a new execution that is due. */
  made(executionId: string): void {
    this.changes.notify(executionId);
    this.wake();
  }

  /** Makes recoveries of this engine look at once, because it has made an execution due. */
  wake(): void {
    void this.#recovery?.then((recovery) => recovery.wake());
  }

  async fork(call: ForkExecutionOptions<object>): Promise<{ executionId: string }> {
    const { forkExecution } = await import("./fork.ts");
    return forkExecution(this.#family, call);
  }

  async inspect(call: InspectExecutionOptions): Promise<ExecutionInspection> {
    const { inspectExecution } = await import("./inspect.ts");
    return inspectExecution(this.#family, call);
  }

  async drain(given: DrainOptions): Promise<void> {
    const { clock } = this.#surroundings;
    await drain({ runs: this.#runs, recovery: this.#recovery, clock }, given);
  }
}
