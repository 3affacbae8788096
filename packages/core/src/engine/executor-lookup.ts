import { WorkflowError } from "../errors.ts";
import { quoted } from "../text.ts";
import type { ExecutorSource } from "./engine-options.ts";
import type { NodeExecutor, WorkflowContext } from "./node-executor.ts";

type Executor = NodeExecutor<WorkflowContext, unknown>;

/** Finds executors by their type, and refuses what is none. */
export class ExecutorLookup {
  readonly #find: (type: string) => unknown;

  constructor(executors: ExecutorSource) {
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
    if (executor === undefined || typeof executor === "function") return executor as Executor | undefined;
    throw new WorkflowError(
      "INVALID_ARGUMENT",
      `executors: what was found for type ${quoted(type)} must be a function, not ${typeof executor}.`,
      { details: { type } },
    );
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
