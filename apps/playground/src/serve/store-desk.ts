import { type CheckpointStore, createWorkflowEngine, type WorkflowEngine, WorkflowError } from "@waymark/core";
import type { InspectedEngine } from "@waymark/inspector/server/inspector-options.ts";
import { resolveExecutors } from "../compare/executor-table.ts";
import type { LoadedWorkflow } from "../import/workflow-file.ts";
import { createNodes } from "../nodes/nodes.ts";
import type { ServiceServer } from "../server/service-server.ts";
import { openStore, type StoreChoice } from "../store/open-store.ts";

const RUN_LIMIT_MS = 120_000;

/** What an engine of the desk runs with. */
export interface DeskOptions {
  choice: StoreChoice;
  services: ServiceServer;
  /** The workflows that can be resumed with their current definition. */
  workflows: () => readonly LoadedWorkflow[];
}

/**
 * Lends the store of the last run to the inspector.
 *
 * - A store in a folder belongs to one process at a time. While a run has it, the desk has none: STORE_UNAVAILABLE.
 */
export class StoreDesk {
  readonly #options: DeskOptions;
  #choice: StoreChoice;
  #isLent = false;
  #opening: Promise<{ store: CheckpointStore; engine: WorkflowEngine }> | undefined;

  constructor(options: DeskOptions) {
    this.#options = options;
    this.#choice = options.choice;
  }

  /** Lends a store to the processes of a run. Resolves once they can open it. */
  async lend(choice: StoreChoice): Promise<void> {
    if (choice.dataDir !== undefined) this.#isLent = true;
    await this.close();
    this.#choice = choice;
  }

  /** Takes the store back. */
  takeBack(): void {
    this.#isLent = false;
  }

  async close(): Promise<void> {
    const opening = this.#opening;
    this.#opening = undefined;
    const opened = await opening?.catch(() => undefined);
    await opened?.store.close();
  }

  /** The engine as the inspector sees it. It opens the store with the first call. */
  get engine(): InspectedEngine {
    const call =
      (name: Exclude<keyof InspectedEngine, "forUser" | "dispatcher" | "watchExecution">) =>
      async (...given: unknown[]) =>
        ((await this.#open())[name] as (...args: unknown[]) => Promise<never>)(...given);
    const open = () => this.#open();
    const engine: Omit<InspectedEngine, "forUser"> = {
      answerWait: call("answerWait"),
      cancelExecution: call("cancelExecution"),
      deleteExecution: call("deleteExecution"),
      forkExecution: call("forkExecution"),
      inspectExecution: call("inspectExecution"),
      listExecutions: call("listExecutions"),
      resumeWorkflow: call("resumeWorkflow"),
      watchExecution: async function* (options) {
        yield* (await open()).watchExecution(options);
      },
    };
    // This server has one person, who may see all users.
    return { ...engine, forUser: () => engine as WorkflowEngine };
  }

  async #open(): Promise<WorkflowEngine> {
    if (this.#isLent)
      throw new WorkflowError("STORE_UNAVAILABLE", "A run uses the store. It is free once the run is over.");
    this.#opening ??= this.#connect();
    try {
      return (await this.#opening).engine;
    } catch (error) {
      this.#opening = undefined;
      throw error;
    }
  }

  async #connect() {
    const { services, workflows } = this.#options;
    const store = await openStore(this.#choice);
    const bundled = createNodes({ baseUrl: services.url, llm: { baseUrl: services.url, model: "stand-in" } });
    const engine = createWorkflowEngine({
      store,
      timeoutMs: RUN_LIMIT_MS,
      workflows: (id) => workflows().find(({ workflow }) => workflow.id === id)?.workflow,
      executors: (type) => {
        const user = workflows().find(({ workflow }) =>
          workflow.nodes.some((node) => (node.type ?? "default") === type),
        );
        return user === undefined ? undefined : resolveExecutors(user, { bundled }).executors[type];
      },
    });
    return { store, engine };
  }
}
