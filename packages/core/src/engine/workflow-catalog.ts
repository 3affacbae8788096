import type { Clock } from "../clock.ts";
import { refuseUnknownHandles } from "../definition/edge-handles.ts";
import { buildGraph, type WorkflowGraph } from "../definition/graph.ts";
import { definitionJson, hashParsed, isHashOf, type StoredDefinition } from "../definition/hash.ts";
import { nodeName, nodeType } from "../definition/node-type.ts";
import { parseDefinition, readInput } from "../definition/parse-definition.ts";
import { Plans } from "../definition/plan.ts";
import type { WorkflowDefinition, WorkflowNode } from "../definition/schema.ts";
import type { StandardSchema } from "../definition/standard-schema.ts";
import { isWorkflowError, WorkflowError } from "../errors.ts";
import { isInstance } from "../state/live-values.ts";
import type { CheckpointStore, ExecutionRecord } from "../store/checkpoint-store.ts";
import { quoted } from "../text.ts";
import { BoundedCache } from "./bounded-cache.ts";
import { type ChildSpec, childSpecOf } from "./child-spec.ts";
import { declaredOutputs } from "./declared-outputs.ts";
import type { ExecutorSource, WorkflowSource } from "./engine-options.ts";
import { ExecutorLookup } from "./executor-lookup.ts";
import { corruptDefinition, type KeptDefinition, readKept, runLimitOf } from "./kept-definition.ts";
import { validNodeData } from "./node-data.ts";
import type { NodeExecutor, WorkflowContext } from "./node-executor.ts";
import { SharedWork } from "./shared-work.ts";
import { withExecutionId } from "./with-execution-id.ts";

/** A workflow that was checked through and through and can be run. */
export interface PreparedWorkflow {
  readonly id: string;
  readonly hash: string;
  /** What a store keeps under the hash. */
  readonly json: string;
  readonly graph: WorkflowGraph;
  readonly plans: Plans;
  /** The most runs of nodes in one execution. */
  readonly maxNodeRuns: number;
  readonly input: StandardSchema | undefined;
  /** By node index: the code, and the node's validated data. */
  readonly steps: readonly PreparedStep[];
  /** True if a node starts executions of its own. */
  readonly hasChildren: boolean;
}

/** A node with its code. */
export interface PreparedStep {
  readonly node: WorkflowNode;
  readonly type: string;
  /** What people call it: its name, else its type. */
  readonly nodeName: string;
  readonly data: Record<string, unknown>;
  readonly run: NodeExecutor<WorkflowContext, unknown>;
  /** The executions that the node starts, if its executor is one that only the engine can run. */
  readonly child: ChildSpec | undefined;
}

/** Returns a node's names, as events show them. */
export function namesOf({ nodeName, type: nodeType }: PreparedStep): { nodeName: string; nodeType: string } {
  return { nodeName, nodeType };
}

type Executors = ReadonlyMap<string, NodeExecutor<WorkflowContext, unknown>>;

/** The definitions that are kept ready to run, in characters of their texts: about four times that in memory. */
const MAX_READY_SIZE = 16_000_000;
/** The definitions that are known to be in the store. */
const MAX_SAVED = 10_000;
/** A definition is saved again after this time, in milliseconds: the store may have lost it since. */
const SAVE_AGAIN_MS = 60_000;

/** The limits of the run that waits for a definition. */
export interface Limits {
  /** Waits for a lookup or a schema. */
  within<T>(result: Promise<T>): Promise<T>;
  /** Waits for an answer of the store. */
  withinStore<T>(answer: Promise<T>): Promise<T>;
}

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
  /** What is being prepared, by the definition that was handed in or by its hash. */
  readonly #preparing: SharedWork;
  /** What is being read from the store, by its hash. */
  readonly #reading: SharedWork;
  /** When a definition was last saved, by the clock's elapsed time. */
  readonly #saved = new BoundedCache<number>(MAX_SAVED);

  constructor(options: { store: CheckpointStore; clock: Clock; workflows: WorkflowSource; executors: ExecutorSource }) {
    this.#store = options.store;
    this.#clock = options.clock;
    this.#preparing = new SharedWork(options.clock);
    this.#reading = new SharedWork(options.clock);
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
    throw new WorkflowError(
      "WORKFLOW_INVALID",
      `Workflow ${quoted(workflowId)} was asked for, and the definition found has the id ${quoted(workflow.id)}.`,
      { details: { workflowId, foundId: workflow.id } },
    );
  }

  /**
   * The definition that an execution began with: this engine's own if it is the same, else the one that was kept.
   *
   * - It waits within the limits of one run, though calls that come together share its work.
   *
   * @throws {WorkflowError} DEFINITION_NOT_FOUND, STATE_CORRUPT, STATE_VERSION_UNSUPPORTED, STORE_UNAVAILABLE, and as
   *   {@link current} except WORKFLOW_NOT_FOUND
   */
  async original(
    hash: string,
    head: Pick<ExecutionRecord, "id" | "workflowId" | "userId">,
    limits: Limits,
  ): Promise<PreparedWorkflow> {
    try {
      const workflow = this.#ready.get(hash) ?? (await this.#findOriginal(hash, head, limits));
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
    const ready = this.#ready.get(hash);
    if (ready !== undefined) return new Map(ready.steps.map(({ node, type }) => [node.id, type]));
    const json = await limits.withinStore(this.#reading.once(hash, () => this.#store.getDefinition(hash)));
    try {
      return new Map(readKept(hash, json).definition.nodes.map((node) => [node.id, nodeType(node)]));
    } catch {
      return undefined;
    }
  }

  /**
   * The plans of a kept definition, also of one that this engine cannot run; `undefined` if there is none, or it is not whole.
   *
   * @throws {WorkflowError} STORE_UNAVAILABLE
   */
  async plans(hash: string): Promise<Plans | undefined> {
    const ready = this.#ready.get(hash);
    if (ready !== undefined) return ready.plans;
    const kept = await this.kept(hash);
    return kept === undefined ? undefined : Plans.from(buildGraph(kept.definition, kept.outputs));
  }

  /**
   * Reads a kept definition, also one that this engine cannot run; `undefined` if there is none, or it is not whole.
   *
   * @throws {WorkflowError} STORE_UNAVAILABLE
   */
  async kept(hash: string): Promise<KeptDefinition | undefined> {
    const json = await this.#reading.once(hash, () => this.#store.getDefinition(hash));
    try {
      return readKept(hash, json);
    } catch {
      return undefined;
    }
  }

  /** The engine's own definition, if it has the same content. One that cannot be found or run has not. */
  async ownOf(workflow: PreparedWorkflow, userId: string): Promise<PreparedWorkflow | undefined> {
    try {
      const own = await this.current(workflow.id, userId);
      return own.hash === workflow.hash || isHashOf(workflow.hash, own.json) ? own : undefined;
    } catch {
      return undefined;
    }
  }

  /** Refuses a workflow that this engine does not have, for a recovery. @throws {WorkflowError} WORKFLOW_NOT_FOUND */
  async requireKnown(workflowId: string, userId: string): Promise<void> {
    try {
      await this.current(workflowId, userId);
    } catch (error) {
      // One that it has, but cannot run as it is now, may be run as it was.
      if (!isWorkflowError(error) || error.code === "WORKFLOW_NOT_FOUND") throw error;
    }
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
    const input = readInput(given) as StandardSchema | undefined;
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

  async #findOriginal(
    hash: string,
    { workflowId, userId }: Pick<ExecutionRecord, "workflowId" | "userId">,
    limits: Limits,
  ): Promise<PreparedWorkflow> {
    const own = await limits.within(this.current(workflowId, userId).catch(() => undefined));
    if (own !== undefined && isHashOf(hash, own.json)) return this.#keepReady({ ...own, hash });
    const json = await limits.withinStore(this.#reading.once(hash, () => this.#store.getDefinition(hash)));
    if (json === undefined) {
      throw new WorkflowError(
        "DEFINITION_NOT_FOUND",
        `The definition that the execution began with is gone: the store has none under ${quoted(hash)}.`,
        { details: { workflowId, definitionHash: hash } },
      );
    }
    const kept = readKept(hash, json);
    this.#saved.set(hash, this.#clock.elapsed());
    const prepare = async () => this.#prepare({ hash, json, ...kept }, await this.#executorsOf(kept.definition));
    return limits.within(this.#preparing.once(hash, prepare));
  }

  #executorsOf({ nodes }: WorkflowDefinition): Promise<Executors> {
    return this.#executors.all(new Set(nodes.map(nodeType)));
  }

  async #prepare(
    { hash, json, definition, outputs }: KeptDefinition & Pick<PreparedWorkflow, "hash" | "json">,
    executors: Executors,
  ): Promise<PreparedWorkflow> {
    const ready = this.#ready.get(hash);
    if (ready?.steps.every(({ type, run }) => executors.get(type) === run)) return ready;
    const graph = buildGraph(definition, outputs);
    refuseUnknownHandles(graph);
    const steps = await this.#steps(definition, executors);
    const { id } = definition;
    const hasChildren = steps.some(({ child }) => child !== undefined);
    const plans = await Plans.from(graph);
    const maxNodeRuns = runLimitOf(definition);
    return this.#keepReady({ id, hash, json, graph, plans, maxNodeRuns, input: undefined, steps, hasChildren });
  }

  async #steps({ id, nodes }: WorkflowDefinition, executors: Executors): Promise<PreparedStep[]> {
    const unknown = nodes.find((node) => !executors.has(nodeType(node)));
    if (unknown !== undefined) throw await this.#executors.unknownType(id, unknown);
    const steps: PreparedStep[] = [];
    for (const node of nodes) {
      const type = nodeType(node);
      const run = executors.get(type) as NodeExecutor<WorkflowContext, unknown>;
      const data = deepFreeze(await validNodeData(id, node, run));
      steps.push({ node: deepFreeze(node), type, nodeName: nodeName(node), data, run, child: childSpecOf(run) });
    }
    return steps;
  }

  #keepReady(workflow: PreparedWorkflow): PreparedWorkflow {
    this.#ready.set(workflow.hash, workflow, workflow.json.length);
    return workflow;
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

function deepFreeze<T>(value: T, seen = new Set<object>()): T {
  if (typeof value !== "object" || value === null || isInstance(value) || seen.has(value)) return value;
  seen.add(value);
  for (const each of Object.values(value)) deepFreeze(each, seen);
  return Object.freeze(value);
}
