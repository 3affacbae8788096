import type { DeclaredOutputs, WorkflowGraph } from "../definition/graph.ts";
import type { Plans } from "../definition/plan.ts";
import type { WorkflowDefinition, WorkflowNode } from "../definition/schema.ts";
import type { StandardSchema } from "../definition/standard-schema.ts";
import type { ChildSpec } from "./child-spec.ts";
import type { NodeExecutor, WorkflowContext } from "./node-executor.ts";

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

/** A definition that was checked, and has not been connected with its code. */
export interface CheckedDefinition extends Pick<PreparedWorkflow, "hash" | "json"> {
  readonly definition: WorkflowDefinition;
  readonly outputs: DeclaredOutputs;
}

/** The limits of the run that waits for a definition. */
export interface Limits {
  /** Waits for a lookup or a schema. */
  within<T>(result: Promise<T>): Promise<T>;
  /** Waits for an answer of the store. */
  withinStore<T>(answer: Promise<T>): Promise<T>;
}
