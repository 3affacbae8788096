export {
  createWorkflowExecutor,
  type WorkflowExecutor,
  type WorkflowExecutorOptions,
  type WorkflowExecutorResult,
} from "./workflow-executor.ts";
