import type { NodeRun } from "../state/node-run.ts";
import type { ChildSpec } from "./child-spec.ts";
import type { NodeExecutorArgs, WorkflowContext } from "./node-executor.ts";

/** An attempt of a node that starts executions. */
export interface ChildCall {
  child: ChildSpec;
  run: NodeRun;
  attempt: number;
  args: NodeExecutorArgs<WorkflowContext, unknown>;
}
