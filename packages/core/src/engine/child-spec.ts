import type { NodeExecutor, NodeExecutorArgs, NodeResult, WorkflowContext } from "./node-executor.ts";

/** The arguments of the functions that connect a node with the executions it starts. */
export type ParentArgs<Context extends object = WorkflowContext> = Pick<
  NodeExecutorArgs<Context>,
  "context" | "node" | "data" | "userId" | "workflowId" | "executionId" | "visit"
>;

/** The place of an item in its list. */
export interface MappedItem {
  item: unknown;
  /** From 0. */
  index: number;
}

/** What a node starts: one execution of a workflow, or one for each item of a list. */
export type ChildSpec = SubSpec | MapSpec;

export interface SubSpec {
  kind: "sub";
  workflowId: string;
  input?: ((args: ParentArgs) => unknown) | undefined;
  output?: ((output: never, args: ParentArgs) => NodeResult) | undefined;
}

export interface MapSpec {
  kind: "map";
  workflowId: string;
  items: string;
  as: string;
  into?: string | undefined;
  itemConcurrency: number;
  collects: boolean;
  output?: ((output: never, item: MappedItem) => unknown) | undefined;
}

/** An executor that runs another workflow as executions of their own. The engine runs it; it cannot be called. */
export interface ChildExecutor<Context extends object = WorkflowContext> extends NodeExecutor<Context> {
  /** The workflow that it runs. */
  readonly workflowId: string;
}

/** Shared by all copies of the package. */
const SPEC = Symbol.for("waymark.ChildSpec");

/** Makes the executor of a node that starts executions. It only says what the engine is to do. */
export function childExecutor<Context extends object>(name: string, spec: ChildSpec): ChildExecutor<Context> {
  const executor = (): never => {
    throw new TypeError(
      `${name}() makes an executor that only the engine can run: register it under a node type as it is, without a function around it.`,
    );
  };
  return Object.assign(executor, { workflowId: spec.workflowId, [SPEC]: spec });
}

/** Returns what an executor starts; `undefined` if it is a function of the user's. */
export function childSpecOf(executor: object): ChildSpec | undefined {
  return (executor as { [SPEC]?: ChildSpec })[SPEC];
}
