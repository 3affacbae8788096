import type { WorkflowNode } from "../definition/schema.ts";
import type { WorkflowError } from "../errors.ts";
import type { ExecutorSource } from "./engine-options.ts";
import type { NodeExecutor, WorkflowContext } from "./node-executor.ts";
import { executorProblem } from "./options.ts";

type Executor = NodeExecutor<WorkflowContext, unknown>;

/** Finds executors by their type, and refuses what is none. */
export class ExecutorLookup {
  readonly #source: ExecutorSource;
  readonly #find: (type: string) => unknown;

  constructor(executors: ExecutorSource) {
    this.#source = executors;
    this.#find =
      typeof executors === "function"
        ? executors
        : (type) => (Object.hasOwn(executors, type) ? executors[type] : undefined);
  }

  /**
   * The executor of a type; `undefined` if there is none.
   *
   * @throws {WorkflowError} INVALID_ARGUMENT if what was found is not a function, and what a given function throws
   */
  async of(type: string): Promise<Executor | undefined> {
    const executor = (await this.#find(type)) ?? undefined;
    const problem = executor === undefined ? undefined : executorProblem(executor);
    if (problem === undefined) return executor as Executor | undefined;
    const { notAnExecutor } = await import("./unknown-name.ts");
    throw notAnExecutor(type, problem);
  }

  /** Returns the error for a node whose type has no executor here. */
  async unknownType(workflowId: string, node: WorkflowNode): Promise<WorkflowError> {
    const { unknownType } = await import("./unknown-name.ts");
    return unknownType(workflowId, node, this.#source);
  }

  /** The executors of several types, those that were found. @throws as {@link of} */
  async all(types: Iterable<string>): Promise<Map<string, Executor>> {
    const found = new Map<string, Executor>();
    for (const type of types) {
      const executor = await this.of(type);
      if (executor !== undefined) found.set(type, executor);
    }
    return found;
  }
}
