import { type CheckpointStore, createWorkflowEngine, type WorkflowContext } from "@waymark/core";

/** Returns the current context of an execution. */
export async function contextOf(store: CheckpointStore, executionId: string): Promise<WorkflowContext> {
  const { getExecutionState } = createWorkflowEngine({ store, workflows: [], executors: {} });
  const state = await getExecutionState(executionId, { checkpoints: "last" });
  return state.getContext();
}
