import type { WorkflowContext } from "../engine/node-executor.ts";

/** The arguments of the old executor's `executeWorkflowSync`. An application may pass further fields of its own. */
export interface V1Call {
  workflowId: string;
  userId: string;
  initialData?: Record<string, unknown>;
}

/** The result of the old executor's `executeWorkflowSync`. */
export interface V1Result<Context = WorkflowContext> {
  success: boolean;
  /** The final context. Absent if the run failed. */
  output?: Context;
  error?: string;
}
