import { checker } from "../checker.ts";
import { callback, optional, text } from "../option.ts";
import { type ChildExecutor, childExecutor, type ParentArgs, type SubSpec } from "./child-spec.ts";
import type { NodeResult, WorkflowContext } from "./node-executor.ts";

/**
 * The options of {@link subWorkflow}.
 *
 * @see https://github.com/waymark-dev/waymark/blob/main/docs/sub-workflows.md#subworkflow
 */
export interface SubWorkflowOptions<Context extends object = WorkflowContext, Output extends object = WorkflowContext> {
  /** The workflow to run. */
  workflowId: string;
  /** Returns the initial data of the child. Default: the context of the parent. */
  input?: (args: ParentArgs<Context>) => object;
  /** Returns the result of the node from the final context of the child. Default: a `patch()` of that context. */
  output?: (output: Readonly<Output>, args: ParentArgs<NoInfer<Context>>) => NodeResult<NoInfer<Context>>;
}

/**
 * Makes an executor that runs another workflow as an execution of its own: a child of the execution that runs the node.
 *
 * - The child is started once per visit of the node, however often the node is started again. It is resumed, suspended,
 *   cancelled and deleted with its parent.
 * - If the child waits for an answer, the node waits for it, too. An answer to either is an answer to both.
 * - If the child fails, the node fails with CHILD_FAILED. Its next attempt resumes the child where it has failed.
 * - Executions can be nested 32 deep. A workflow cannot contain itself.
 *
 * @throws {WorkflowError} INVALID_ARGUMENT
 *
 * @see https://github.com/waymark-dev/waymark/blob/main/docs/sub-workflows.md
 *
 * @example
 * ```ts
 * const executors = {
 *   charge: subWorkflow({
 *     workflowId: "charge-card",
 *     input: ({ context }) => ({ total: context.total }),
 *     output: ({ receipt }) => patch({ receipt }),
 *   }),
 * };
 * ```
 */
export function subWorkflow<Context extends object = WorkflowContext, Output extends object = WorkflowContext>(
  options: SubWorkflowOptions<Context, Output>,
): ChildExecutor<Context> {
  return childExecutor("subWorkflow", { kind: "sub", ...checkOptions(options) });
}

const checkOptions = checker<Omit<SubSpec, "kind">>("subWorkflow", {
  workflowId: text,
  input: optional(callback),
  output: optional(callback),
});
