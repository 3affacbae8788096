import { checker } from "../checker.ts";
import { callback, oneOf, optional, text, wholeNumber } from "../option.ts";
import { type ChildExecutor, childExecutor, type MappedItem } from "./child-spec.ts";
import type { WorkflowContext } from "./node-executor.ts";

/**
 * The options of {@link mapWorkflow}.
 *
 * @see https://github.com/waymark-dev/waymark/blob/main/docs/sub-workflows.md#mapworkflow
 */
export interface MapWorkflowOptions<Output extends object = WorkflowContext, Result = Readonly<Output>> {
  /** The workflow to run for each item. */
  workflowId: string;
  /** The key of the context that holds the list. */
  items: string;
  /** The key of the child's context that gets the item. @defaultValue "item" */
  as?: string;
  /** The key of the context that gets the list of results. Default: the id of the node. */
  into?: string;
  /** The number of children that may run at the same time, up to 1,000. @defaultValue 10 */
  itemConcurrency?: number;
  /**
   * The consequence if a child fails. `fail`: no further child starts, those that run end, and the node fails. `collect`: all
   * items are done, and each result says whether its child has failed: see {@link MappedResult}. @defaultValue "fail"
   */
  onItemError?: "fail" | "collect";
  /** Returns the result of an item from the final context of its child. Default: that context. */
  output?: (output: Readonly<Output>, item: MappedItem) => Result;
}

/** The result of an item, if `onItemError` is `collect`. */
export type MappedResult<Result = WorkflowContext> =
  | { success: true; output: Result }
  | { success: false; error: { code: string; message: string }; executionId: string };

/** The children that run at the same time, unless the user says otherwise. */
const DEFAULT_CONCURRENCY = 10;

/**
 * Makes an executor that runs another workflow for each item of a list, as executions of their own.
 *
 * - The results are a list in the order of the items. Only they are kept in memory, not the contexts of the children.
 * - Each child is a checkpoint of its item: what has ended is not run again after a crash.
 * - Otherwise the children are as those of {@link subWorkflow}.
 * - Fails with a NonRetryableError if there is no list under the key.
 *
 * @throws {WorkflowError} INVALID_ARGUMENT
 *
 * @see https://github.com/waymark-dev/waymark/blob/main/docs/sub-workflows.md
 *
 * @example
 * ```ts
 * const executors = {
 *   chargeAll: mapWorkflow({ workflowId: "charge", items: "orders", as: "order", into: "charges", itemConcurrency: 20 }),
 * };
 * ```
 */
export function mapWorkflow<
  Context extends object = WorkflowContext,
  Output extends object = WorkflowContext,
  Result = Readonly<Output>,
>(options: MapWorkflowOptions<Output, Result>): ChildExecutor<Context> {
  const { itemConcurrency = DEFAULT_CONCURRENCY, onItemError, as = "item", ...others } = checkOptions(options);
  const output = others.output as ((output: never, item: MappedItem) => unknown) | undefined;
  const collects = onItemError === "collect";
  return childExecutor("mapWorkflow", { kind: "map", ...others, output, as, itemConcurrency, collects });
}

const checkOptions = checker<MapWorkflowOptions<object, unknown>>("mapWorkflow", {
  workflowId: text,
  items: text,
  as: optional(text),
  into: optional(text),
  itemConcurrency: optional(wholeNumber(1, 1_000)),
  onItemError: optional(oneOf("fail", "collect")),
  output: optional(callback),
});
