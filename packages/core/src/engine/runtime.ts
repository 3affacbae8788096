import { ContextValues } from "../state/context-values.ts";
import type { Surroundings } from "../state/surroundings.ts";
import type { WorkflowEngineOptions } from "./engine-options.ts";
import { ExecutionChanges } from "./execution-changes.ts";
import { ExecutionWatches } from "./execution-watches.ts";
import { Executions } from "./executions.ts";
import type { WorkflowContext } from "./node-executor.ts";
import { Runner } from "./runner.ts";
import { WorkflowCatalog } from "./workflow-catalog.ts";

/** The parts of an engine that work, in a file of their own that is loaded when the first call needs them. */
export class Runtime {
  readonly runner: Runner<WorkflowContext>;
  readonly executions: Executions;
  readonly watches: ExecutionWatches;

  constructor(options: WorkflowEngineOptions, surroundings: Surroundings) {
    const { store, clock, codec } = surroundings;
    const { workflows, executors } = options;
    const catalog = new WorkflowCatalog({ store, clock, workflows, executors });
    const changes = new ExecutionChanges();
    this.runner = new Runner({ ...options, surroundings, catalog, changes, values: new ContextValues(codec) });
    this.executions = new Executions(surroundings, changes);
    this.watches = new ExecutionWatches(surroundings, changes);
  }
}
