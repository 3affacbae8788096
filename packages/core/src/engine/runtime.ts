import { ContextValues } from "../state/context-values.ts";
import type { JournalOptions } from "../state/journal.ts";
import { Executions } from "./executions.ts";
import type { WorkflowContext } from "./node-executor.ts";
import { Runner } from "./runner.ts";
import type { WorkflowEngineOptions } from "./types.ts";
import { WorkflowCatalog } from "./workflow-catalog.ts";

/** The parts of an engine that work, in a file of their own that is loaded when the first call needs them. */
export class Runtime<Context extends WorkflowContext> {
  readonly runner: Runner<Context>;
  readonly executions: Executions;

  constructor(options: WorkflowEngineOptions<Context>, surroundings: JournalOptions) {
    const { store, clock, codec } = surroundings;
    const { workflows } = options;
    const executors = options.executors as WorkflowEngineOptions["executors"];
    const catalog = new WorkflowCatalog({ store, clock, workflows, executors });
    this.runner = new Runner<Context>({ ...options, surroundings, catalog, values: new ContextValues(codec) });
    this.executions = new Executions(store, clock);
  }
}
