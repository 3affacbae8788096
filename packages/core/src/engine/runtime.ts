import { ContextValues } from "../state/context-values.ts";
import type { Surroundings } from "../state/surroundings.ts";
import { checkDrainOptions } from "./call-options.ts";
import { drain } from "./drain.ts";
import { Emitter } from "./emitter.ts";
import type { WorkflowEngineOptions } from "./engine-options.ts";
import { ExecutionChanges } from "./execution-changes.ts";
import { ExecutionWatches } from "./execution-watches.ts";
import { Executions } from "./executions.ts";
import { forkExecution } from "./fork.ts";
import type { ForkExecutionOptions } from "./fork-options.ts";
import { LiveRuns } from "./live-runs.ts";
import type { WorkflowContext } from "./node-executor.ts";
import { Recovery } from "./recovery.ts";
import type { DrainOptions } from "./run-options.ts";
import { Runner } from "./runner.ts";
import { WorkflowCatalog } from "./workflow-catalog.ts";

/** The parts of an engine that work, in a file of their own that is loaded when the first call needs them. */
export class Runtime {
  readonly runner: Runner<WorkflowContext>;
  readonly executions: Executions;
  readonly watches: ExecutionWatches;
  readonly fork: (call: ForkExecutionOptions<object>) => Promise<{ executionId: string }>;
  readonly recovery: Recovery;
  readonly #runs = new LiveRuns();
  readonly #surroundings: Surroundings;

  constructor(options: WorkflowEngineOptions, surroundings: Surroundings) {
    const { store, clock, codec } = surroundings;
    const { workflows, executors, onEvent, logger, redact } = options;
    this.#surroundings = surroundings;
    const catalog = new WorkflowCatalog({ store, clock, workflows, executors });
    const changes = new ExecutionChanges();
    const values = new ContextValues(codec);
    const runs = this.#runs;
    const emitter = new Emitter({ clock, changes, onEvent, logger, redact });
    this.runner = new Runner({ ...options, surroundings, catalog, changes, values, runs, emitter });
    this.executions = new Executions(surroundings, runs, emitter);
    this.watches = new ExecutionWatches(surroundings, changes);
    this.fork = (call) => forkExecution({ surroundings, catalog }, call);
    this.recovery = new Recovery({
      surroundings,
      recover: (head, limits) => this.runner.recover(head, limits),
      emit: (event) => emitter.engine(event),
    });
  }

  async drain(given: DrainOptions): Promise<void> {
    const { timeoutMs } = checkDrainOptions(given);
    await drain({ runs: this.#runs, recovery: this.recovery, clock: this.#surroundings.clock }, timeoutMs);
  }
}
