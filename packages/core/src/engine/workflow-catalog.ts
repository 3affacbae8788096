import { type CompiledGraph, compileGraph } from "../definition/graph.ts";
import { definitionJson, hashDefinition } from "../definition/hash.ts";
import { nodeType, unknownNodeType } from "../definition/node-type.ts";
import { parseDefinition, type WorkflowDefinition, type WorkflowNode } from "../definition/schema.ts";
import type { StandardSchema } from "../definition/standard-schema.ts";
import { WorkflowError } from "../errors.ts";
import { isInstance } from "../state/live-values.ts";
import type { CheckpointStore } from "../store/checkpoint-store.ts";
import { validNodeData } from "./node-data.ts";
import type { NodeExecutor, WorkflowContext } from "./node-executor.ts";
import type { ExecutorSource, WorkflowSource } from "./types.ts";

/** A workflow that was checked through and through and can be run. */
export interface PreparedWorkflow {
  readonly id: string;
  readonly hash: string;
  /** What a store keeps under the hash. */
  readonly json: string;
  readonly graph: CompiledGraph;
  readonly input: StandardSchema | undefined;
  /** By node index: the code, and the node's validated data. */
  readonly steps: readonly PreparedStep[];
}

/** A node with its code. */
export interface PreparedStep {
  readonly node: WorkflowNode;
  readonly type: string;
  /** What people call it: its name, else its type. */
  readonly nodeName: string;
  readonly data: Record<string, unknown>;
  readonly run: NodeExecutor<WorkflowContext, unknown>;
}

type Definition = Omit<WorkflowDefinition, "input"> & { input?: StandardSchema | undefined };

/** Definitions that are remembered by their hash. */
const CACHE_SIZE = 1_000;

/** Finds definitions and executors, and checks them at the door. */
export class WorkflowCatalog {
  readonly #store: CheckpointStore;
  readonly #source: (workflowId: string, caller: { userId: string }) => Promise<Definition | undefined>;
  readonly #executorOf: (type: string) => Promise<NodeExecutor<WorkflowContext, unknown> | undefined>;
  /** Definitions do not change once they are given; those given by a function are new each time. */
  readonly #prepared = new WeakMap<object, Promise<PreparedWorkflow>>();
  readonly #byHash = new Map<string, Promise<PreparedWorkflow>>();
  readonly #saved = new Set<string>();

  constructor(options: { store: CheckpointStore; workflows: WorkflowSource; executors: ExecutorSource }) {
    this.#store = options.store;
    this.#source = sourceOf(options.workflows);
    this.#executorOf = executorLookup(options.executors);
  }

  /**
   * The definition that the engine has now.
   *
   * @throws {WorkflowError} WORKFLOW_NOT_FOUND, WORKFLOW_INVALID, WORKFLOW_EMPTY, WORKFLOW_CYCLE, DUPLICATE_NODE_ID,
   *   UNKNOWN_EDGE_NODE, UNKNOWN_NODE_TYPE, NODE_DATA_INVALID
   */
  async current(workflowId: string, userId: string): Promise<PreparedWorkflow> {
    const definition = await this.#source(workflowId, { userId });
    if (definition === undefined) {
      throw new WorkflowError("WORKFLOW_NOT_FOUND", `No workflow "${workflowId}".`, { details: { workflowId } });
    }
    if (typeof definition !== "object" || definition === null) return this.#prepare(definition);
    return remember(this.#prepared, definition, () => this.#prepare(definition));
  }

  /** The definition that was saved under a hash; `undefined` where the store has none. @throws as {@link current} */
  async original(hash: string): Promise<PreparedWorkflow | undefined> {
    const known = this.#byHash.get(hash);
    if (known !== undefined) return known;
    const json = await this.#store.getDefinition(hash);
    if (json === undefined) return undefined;
    this.#saved.add(hash);
    return this.#prepare(JSON.parse(json) as Definition);
  }

  /** Keeps a definition in the store, once per engine. */
  async save({ hash, json }: PreparedWorkflow): Promise<void> {
    if (this.#saved.has(hash)) return;
    await this.#store.saveDefinition(hash, json);
    this.#saved.add(hash);
  }

  async #prepare(given: Definition): Promise<PreparedWorkflow> {
    const parsed = parseDefinition(given);
    const graph = compileGraph(parsed);
    const json = jsonOf(parsed);
    const hash = hashDefinition(json);
    // A live run works on what a resume would read: the JSON, not the caller's objects.
    const { nodes } = JSON.parse(json) as WorkflowDefinition;
    const steps = await this.#prepareSteps(parsed.id, nodes);
    const prepared = { id: parsed.id, hash, json, graph: { ...graph, nodes }, input: given.input, steps };
    this.#byHash.set(hash, Promise.resolve(prepared));
    if (this.#byHash.size > CACHE_SIZE) this.#byHash.delete(this.#byHash.keys().next().value as string);
    return prepared;
  }

  async #prepareSteps(workflowId: string, nodes: readonly WorkflowNode[]): Promise<PreparedStep[]> {
    const executors = new Map<string, NodeExecutor<WorkflowContext, unknown>>();
    for (const type of new Set(nodes.map(nodeType))) {
      const executor = await this.#executorOf(type);
      if (executor !== undefined) executors.set(type, executor);
    }
    const steps: PreparedStep[] = [];
    for (const node of nodes) {
      const type = nodeType(node);
      const run = executors.get(type);
      if (run === undefined) throw unknownNodeType(workflowId, node);
      const data = deepFreeze(await validNodeData(workflowId, node, run));
      steps.push({ node: deepFreeze(node), type, nodeName: node.name ?? type, data, run });
    }
    return steps;
  }
}

function sourceOf(
  workflows: WorkflowSource,
): (id: string, caller: { userId: string }) => Promise<Definition | undefined> {
  if (typeof workflows === "function") return workflows;
  if (!Array.isArray(workflows)) {
    const record = workflows as Readonly<Record<string, Definition>>;
    return async (id) => (Object.hasOwn(record, id) ? record[id] : undefined);
  }
  const byId = new Map((workflows as readonly Definition[]).map((definition) => [definition.id, definition]));
  return async (id) => byId.get(id);
}

function executorLookup(
  executors: ExecutorSource,
): (type: string) => Promise<NodeExecutor<WorkflowContext, unknown> | undefined> {
  if (typeof executors === "function") return executors;
  return async (type) => (Object.hasOwn(executors, type) ? executors[type] : undefined);
}

function jsonOf(definition: WorkflowDefinition): string {
  try {
    return definitionJson(definition);
  } catch (cause) {
    throw new WorkflowError("WORKFLOW_INVALID", `The data of workflow "${definition.id}" is not JSON.`, { cause });
  }
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== "object" || value === null || isInstance(value)) return value;
  for (const each of Object.values(value)) deepFreeze(each);
  return Object.freeze(value);
}

async function remember<K extends object, V>(
  cache: WeakMap<K, Promise<V>>,
  key: K,
  make: () => Promise<V>,
): Promise<V> {
  const known = cache.get(key);
  if (known !== undefined) return known;
  const made = make();
  cache.set(key, made);
  made.catch(() => cache.delete(key));
  return made;
}
