import type { Clock } from "../clock.ts";
import { buildGraph } from "../definition/graph.ts";
import { definitionJson, hashParsed, type StoredDefinition } from "../definition/hash.ts";
import { nodeName, nodeType } from "../definition/node-type.ts";
import { parseDefinition, readInput } from "../definition/parse-definition.ts";
import { Plans } from "../definition/plan.ts";
import type { WorkflowDefinition } from "../definition/schema.ts";
import { isInstance } from "../state/live-values.ts";
import type { CheckpointStore } from "../store/checkpoint-store.ts";
import { BoundedCache } from "./bounded-cache.ts";
import { childSpecOf } from "./child-spec.ts";
import { declaredOutputs } from "./declared-outputs.ts";
import type { ExecutorSource, WorkflowSource } from "./engine-options.ts";
import { ExecutorLookup } from "./executor-lookup.ts";
import type { KeptDefinitions } from "./kept-definitions.ts";
import { nodeDataOf } from "./node-data.ts";
import type { NodeExecutor, WorkflowContext } from "./node-executor.ts";
import type { CheckedDefinition, Limits, PreparedStep, PreparedWorkflow } from "./prepared-workflow.ts";
import { SharedWork } from "./shared-work.ts";

type Executors = ReadonlyMap<string, NodeExecutor<WorkflowContext, unknown>>;

/** The definitions that are kept ready to run, in characters of their texts: about four times that in memory. */
const MAX_READY_SIZE = 16_000_000;
/** The definitions that are known to be in the store. */
const MAX_SAVED = 10_000;
const DEFAULT_NODE_RUNS = 10_000;
/** A definition is saved again after this time, in milliseconds: the store may have lost it since. */
const SAVE_AGAIN_MS = 60_000;

/** Finds definitions and executors, and checks them at the door. */
export class WorkflowCatalog {
  readonly #store: CheckpointStore;
  readonly #clock: Clock;
  readonly #workflows: WorkflowSource;
  readonly #find: (workflowId: string, caller: { userId: string }) => unknown;
  readonly #executors: ExecutorLookup;
  /** The hashes of definitions that were handed in. These do not change once they are; a function makes new ones. */
  readonly #hashes = new WeakMap<object, Pick<PreparedWorkflow, "hash" | "maxNodeRuns">>();
  readonly #ready = new BoundedCache<PreparedWorkflow>(MAX_READY_SIZE);
  /** What is being prepared, by the definition that was handed in. */
  readonly #preparing: SharedWork;
  /** When a definition was last saved, by the clock's elapsed time. */
  readonly #saved = new BoundedCache<number>(MAX_SAVED);
  #kept: Promise<KeptDefinitions> | undefined;

  constructor(options: { store: CheckpointStore; clock: Clock; workflows: WorkflowSource; executors: ExecutorSource }) {
    this.#store = options.store;
    this.#clock = options.clock;
    this.#preparing = new SharedWork(options.clock);
    this.#workflows = options.workflows;
    this.#find = sourceOf(options.workflows);
    this.#executors = new ExecutorLookup(options.executors);
  }

  /** Returns the definition that the engine has now, if it takes no wait to find it. */
  atHand(workflowId: string): PreparedWorkflow | undefined {
    if (typeof this.#workflows === "function") return undefined;
    const given = this.#find(workflowId, { userId: "" });
    const known = typeof given === "object" && given !== null ? this.#hashes.get(given) : undefined;
    const ready = known === undefined ? undefined : this.#ready.get(known.hash);
    return ready === undefined || ready.id !== workflowId ? undefined : this.#asGiven(ready, given);
  }

  /**
   * The definition that the engine has now.
   *
   * @throws {WorkflowError} WORKFLOW_NOT_FOUND, WORKFLOW_INVALID, WORKFLOW_EMPTY, DUPLICATE_NODE_ID,
   *   UNKNOWN_EDGE_NODE, UNKNOWN_EDGE_HANDLE, UNKNOWN_NODE_TYPE, NODE_DATA_INVALID, and what a given function throws
   */
  async current(workflowId: string, userId: string): Promise<PreparedWorkflow> {
    const definition = (await this.#find(workflowId, { userId })) ?? undefined;
    if (definition === undefined) {
      const { unknownWorkflow } = await import("./unknown-name.ts");
      throw unknownWorkflow(workflowId, this.#workflows);
    }
    const workflow = await this.#fromGiven(definition);
    if (workflow.id === workflowId) return workflow;
    const { otherWorkflow } = await import("./unknown-name.ts");
    throw otherWorkflow(workflowId, workflow.id);
  }

  /** The definitions of executions that have begun. Loaded when the first is asked for: a new execution needs none. */
  kept(): Promise<KeptDefinitions> {
    this.#kept ??= import("./kept-definitions.ts").then(
      ({ KeptDefinitions }) =>
        new KeptDefinitions({
          store: this.#store,
          clock: this.#clock,
          ready: this.#ready,
          saved: this.#saved,
          current: (workflowId, userId) => this.current(workflowId, userId),
          prepare: async (kept) => this.#prepare(kept, await this.#executorsOf(kept.definition)),
        }),
    );
    return this.#kept;
  }

  /** Returns true if this engine has kept a definition in the store in the last minute. */
  isSaved({ hash }: PreparedWorkflow): boolean {
    const savedAt = this.#saved.get(hash);
    return savedAt !== undefined && this.#clock.elapsed() - savedAt < SAVE_AGAIN_MS;
  }

  /** Keeps a definition in the store, unless this engine has done so in the last minute. */
  async save(workflow: PreparedWorkflow, limits: Limits): Promise<void> {
    if (this.isSaved(workflow)) return;
    const { hash, json } = workflow;
    const now = this.#clock.elapsed();
    await limits.withinStore(this.#store.saveDefinition(hash, json));
    this.#saved.set(hash, now);
  }

  async #fromGiven(given: unknown): Promise<PreparedWorkflow> {
    const known = typeof given === "object" && given !== null ? this.#hashes.get(given) : undefined;
    const ready = known === undefined ? undefined : this.#ready.get(known.hash);
    return this.#asGiven(ready ?? (await this.#preparing.once(given, () => this.#prepareGiven(given))), given);
  }

  #asGiven(workflow: PreparedWorkflow, given: unknown): PreparedWorkflow {
    const input = readInput(given);
    // The hash does not cover it.
    const { maxNodeRuns = workflow.maxNodeRuns } = this.#hashes.get(given as object) ?? {};
    const isSame = workflow.input === input && workflow.maxNodeRuns === maxNodeRuns;
    return isSame ? workflow : { ...workflow, input, maxNodeRuns };
  }

  async #prepareGiven(given: unknown): Promise<PreparedWorkflow> {
    const definition = parseDefinition(given);
    const executors = await this.#executorsOf(definition);
    const outputs = declaredOutputs(executors);
    const json = definitionJson(definition, outputs);
    // A live run works on what a resume would read: the JSON, not the caller's objects.
    const stored = JSON.parse(json) as StoredDefinition;
    const hash = hashParsed(stored);
    const workflow = await this.#prepare({ hash, json, definition: stored, outputs }, executors);
    this.#hashes.set(given as object, { hash, maxNodeRuns: runLimitOf(stored) });
    return workflow;
  }

  #executorsOf({ nodes }: WorkflowDefinition): Promise<Executors> {
    return this.#executors.all(new Set(nodes.map(nodeType)));
  }

  async #prepare(
    { hash, json, definition, outputs }: CheckedDefinition,
    executors: Executors,
  ): Promise<PreparedWorkflow> {
    const ready = this.#ready.get(hash);
    if (ready?.steps.every(({ type, run }) => executors.get(type) === run)) return ready;
    const graph = buildGraph(definition, outputs);
    if (outputs.size > 0) {
      const { refuseUnknownHandles } = await import("../definition/edge-handles.ts");
      refuseUnknownHandles(graph);
    }
    const steps = await this.#steps(definition, executors);
    const { id } = definition;
    const hasChildren = steps.some(({ child }) => child !== undefined);
    const plans = await Plans.from(graph);
    const maxNodeRuns = runLimitOf(definition);
    const workflow = { id, hash, json, graph, plans, maxNodeRuns, input: undefined, steps, hasChildren };
    this.#ready.set(hash, workflow, json.length);
    return workflow;
  }

  async #steps({ id, nodes }: WorkflowDefinition, executors: Executors): Promise<PreparedStep[]> {
    const unknown = nodes.find((node) => !executors.has(nodeType(node)));
    if (unknown !== undefined) throw await this.#executors.unknownType(id, unknown);
    const steps: PreparedStep[] = [];
    for (const node of nodes) {
      const type = nodeType(node);
      const run = executors.get(type) as NodeExecutor<WorkflowContext, unknown>;
      const data = deepFreeze(await nodeDataOf(id, node, run));
      steps.push({ node: deepFreeze(node), type, nodeName: nodeName(node), data, run, child: childSpecOf(run) });
    }
    return steps;
  }
}

function sourceOf(workflows: WorkflowSource): (id: string, caller: { userId: string }) => unknown {
  if (typeof workflows === "function") return workflows;
  if (!Array.isArray(workflows)) {
    const record = workflows as Readonly<Record<string, unknown>>;
    return (id) => (Object.hasOwn(record, id) ? record[id] : undefined);
  }
  const list = workflows as readonly (WorkflowDefinition | null | undefined)[];
  const byId = new Map(list.map((definition) => [definition?.id, definition]));
  return (id) => byId.get(id);
}

/** The default is never less than what a workflow without loops needs. */
function runLimitOf({ nodes, maxNodeRuns = Math.max(DEFAULT_NODE_RUNS, nodes.length) }: WorkflowDefinition): number {
  return maxNodeRuns;
}

function deepFreeze<T>(value: T, seen = new Set<object>()): T {
  if (typeof value !== "object" || value === null || isInstance(value) || seen.has(value)) return value;
  seen.add(value);
  for (const each of Object.values(value)) deepFreeze(each, seen);
  return Object.freeze(value);
}
