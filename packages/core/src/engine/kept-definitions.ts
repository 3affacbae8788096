import type { Clock } from "../clock.ts";
import { buildGraph } from "../definition/graph.ts";
import { isHashOf } from "../definition/is-hash-of.ts";
import { nodeType } from "../definition/node-type.ts";
import { Plans } from "../definition/plan.ts";
import { isWorkflowError, WorkflowError } from "../errors.ts";
import type { CheckpointStore, ExecutionRecord } from "../store/checkpoint-store.ts";
import { quoted } from "../text.ts";
import type { BoundedCache } from "./bounded-cache.ts";
import { corruptDefinition, type KeptDefinition, readKept } from "./kept-definition.ts";
import type { CheckedDefinition, Limits, PreparedWorkflow } from "./prepared-workflow.ts";
import { SharedWork } from "./shared-work.ts";
import { withExecutionId } from "./with-execution-id.ts";

/** What the kept definitions have from the catalog. */
export interface KeptDefinitionsParts {
  store: CheckpointStore;
  clock: Clock;
  /** The workflows that are ready to run, by their hashes. */
  ready: BoundedCache<PreparedWorkflow>;
  /** When a definition was last saved, by the clock's elapsed time. */
  saved: BoundedCache<number>;
  /** Returns the definition that the engine has now. */
  current(workflowId: string, userId: string): Promise<PreparedWorkflow>;
  /** Connects a checked definition with its code, and keeps it ready. */
  prepare(checked: CheckedDefinition): Promise<PreparedWorkflow>;
}

/** Finds the definitions that executions began with: the engine's own, and those that the store keeps. */
export class KeptDefinitions {
  readonly #parts: KeptDefinitionsParts;
  /** What is being read from the store, by its hash. */
  readonly #reading: SharedWork;
  /** What is being prepared, by its hash. */
  readonly #preparing: SharedWork;

  constructor(parts: KeptDefinitionsParts) {
    this.#parts = parts;
    this.#reading = new SharedWork(parts.clock);
    this.#preparing = new SharedWork(parts.clock);
  }

  /**
   * The definition that an execution began with: this engine's own if it is the same, else the one that was kept.
   *
   * - It waits within the limits of one run, though calls that come together share its work.
   *
   * @throws {WorkflowError} DEFINITION_NOT_FOUND, STATE_CORRUPT, STATE_VERSION_UNSUPPORTED, STORE_UNAVAILABLE, and as
   *   `WorkflowCatalog.current` except WORKFLOW_NOT_FOUND
   */
  async original(
    hash: string,
    head: Pick<ExecutionRecord, "id" | "workflowId" | "userId">,
    limits: Limits,
  ): Promise<PreparedWorkflow> {
    try {
      const workflow = this.#parts.ready.get(hash) ?? (await this.#findOriginal(hash, head, limits));
      if (workflow.id === head.workflowId) return workflow;
      throw corruptDefinition(hash, `of workflow ${quoted(workflow.id)}, the execution of ${quoted(head.workflowId)}`);
    } catch (error) {
      throw withExecutionId(error, head.id);
    }
  }

  /**
   * The types of a definition's nodes, by their ids; `undefined` if nobody has it any more, or it is not whole.
   *
   * @throws {WorkflowError} STORE_UNAVAILABLE
   */
  async nodeTypes(hash: string, limits: Limits): Promise<ReadonlyMap<string, string> | undefined> {
    const ready = this.#parts.ready.get(hash);
    if (ready !== undefined) return new Map(ready.steps.map(({ node, type }) => [node.id, type]));
    const kept = readable(hash, await limits.withinStore(this.#read(hash)));
    return kept && new Map(kept.definition.nodes.map((node) => [node.id, nodeType(node)]));
  }

  /**
   * The plans of a kept definition, also of one that this engine cannot run; `undefined` if there is none, or it is not whole.
   *
   * @throws {WorkflowError} STORE_UNAVAILABLE
   */
  async plans(hash: string): Promise<Plans | undefined> {
    const ready = this.#parts.ready.get(hash);
    if (ready !== undefined) return ready.plans;
    const kept = await this.of(hash);
    return kept === undefined ? undefined : Plans.from(buildGraph(kept.definition, kept.outputs));
  }

  /**
   * Reads a kept definition, also one that this engine cannot run; `undefined` if there is none, or it is not whole.
   *
   * @throws {WorkflowError} STORE_UNAVAILABLE
   */
  async of(hash: string): Promise<KeptDefinition | undefined> {
    return readable(hash, await this.#read(hash));
  }

  /** The engine's own definition, if it has the same content. One that cannot be found or run has not. */
  async ownOf(workflow: PreparedWorkflow, userId: string): Promise<PreparedWorkflow | undefined> {
    try {
      const own = await this.#parts.current(workflow.id, userId);
      return own.hash === workflow.hash || isHashOf(workflow.hash, own.json) ? own : undefined;
    } catch {
      return undefined;
    }
  }

  /** Refuses a workflow that this engine does not have, for a recovery. @throws {WorkflowError} WORKFLOW_NOT_FOUND */
  async requireKnown(workflowId: string, userId: string): Promise<void> {
    try {
      await this.#parts.current(workflowId, userId);
    } catch (error) {
      // One that it has, but cannot run as it is now, may be run as it was.
      if (!isWorkflowError(error) || error.code === "WORKFLOW_NOT_FOUND") throw error;
    }
  }

  #read(hash: string): Promise<string | undefined> {
    return this.#reading.once(hash, () => this.#parts.store.getDefinition(hash));
  }

  async #findOriginal(
    hash: string,
    { workflowId, userId }: Pick<ExecutionRecord, "workflowId" | "userId">,
    limits: Limits,
  ): Promise<PreparedWorkflow> {
    const { ready, saved, clock, current, prepare } = this.#parts;
    const own = await limits.within(current(workflowId, userId).catch(() => undefined));
    if (own !== undefined && isHashOf(hash, own.json)) {
      const original = { ...own, hash };
      ready.set(hash, original, own.json.length);
      return original;
    }
    const json = await limits.withinStore(this.#read(hash));
    if (json === undefined) {
      throw new WorkflowError(
        "DEFINITION_NOT_FOUND",
        `The definition that the execution began with is gone: the store has none under ${quoted(hash)}.`,
        { details: { workflowId, definitionHash: hash } },
      );
    }
    const kept = readKept(hash, json);
    saved.set(hash, clock.elapsed());
    return limits.within(this.#preparing.once(hash, () => prepare({ hash, json, ...kept })));
  }
}

function readable(hash: string, json: unknown): KeptDefinition | undefined {
  try {
    return readKept(hash, json);
  } catch {
    return undefined;
  }
}
