export { type Clock, systemClock } from "./clock.ts";
export { type DefinedWorkflow, defineWorkflow } from "./definition/define-workflow.ts";
export {
  type FromReactFlowOptions,
  fromReactFlow,
  type ReactFlowEdge,
  type ReactFlowNode,
  type ReactFlowObject,
  type ReactFlowWorkflow,
} from "./definition/react-flow.ts";
export type { RetryPolicy, WorkflowDefinition, WorkflowEdge, WorkflowNode } from "./definition/schema.ts";
export type { SchemaInput, SchemaOutput, StandardSchema } from "./definition/standard-schema.ts";
export type { ChildExecutor, MappedItem, ParentArgs } from "./engine/child-spec.ts";
export type {
  Delivered,
  Dispatcher,
  DispatcherScheduleOptions,
  EnqueueOptions,
  ListedSchedule,
  QueueDepth,
  ScheduleTick,
} from "./engine/dispatcher.ts";
export type { Logger } from "./engine/emitter.ts";
export { type CreateEngineFor, createWorkflowEngine } from "./engine/engine.ts";
export type { ExecutorSource, WorkflowEngineOptions, WorkflowSource } from "./engine/engine-options.ts";
export type { EngineEvent, ExecutionEvent, LogLevel } from "./engine/events.ts";
export type {
  ExecutionInspection,
  InspectExecutionOptions,
  InspectedChange,
  InspectedDefinition,
  InspectedProgress,
  InspectedRecord,
  InspectedWait,
  RecordsPage,
  RecordsQuery,
} from "./engine/execution-inspection.ts";
export type {
  CancelExecutionOptions,
  CheckpointsPage,
  DeleteExecutionOptions,
  ExecutionSummary,
  ExecutionUpdate,
  GetExecutionStateOptions,
  ListExecutionsQuery,
  PruneDefinitionsOptions,
  PruneOptions,
  PruneProgress,
  WatchExecutionOptions,
} from "./engine/execution-queries.ts";
export type {
  CancelledResult,
  CompletedResult,
  ExecuteWorkflowResult,
  FailedResult,
  LegacyResult,
  LostResult,
  PendingResult,
  SuspendedResult,
} from "./engine/execution-result.ts";
export { type ForEachItemExecutor, type ForEachItemOptions, forEachItem } from "./engine/for-each-item.ts";
export type { ForkExecutionOptions, ForkPoint } from "./engine/fork-options.ts";
export type { InputOf, WorkflowIdOf } from "./engine/known-definitions.ts";
export { type MappedResult, type MapWorkflowOptions, mapWorkflow } from "./engine/map-workflow.ts";
export {
  type DefinedNode,
  defineNode,
  type Ended,
  end,
  type NodeExecutor,
  type NodeExecutorArgs,
  type NodeLogger,
  type NodeResult,
  type Patch,
  patch,
  type Routed,
  route,
  type Suspended,
  type SuspendOptions,
  suspend,
  type WorkflowContext,
} from "./engine/node-executor.ts";
export type {
  AnswerWaitOptions,
  DrainOptions,
  ExecuteWorkflowOptions,
  ExecuteWorkflowSyncOptions,
  RecoverExecutionOptions,
  RecoverExecutionsOptions,
  RecoveredExecution,
  RecoveredExecutions,
  ResumeWorkflowOptions,
  RunOptions,
  StartExecutionOptions,
  StartedExecution,
  StartedRecovery,
  StartRecoveryOptions,
} from "./engine/run-options.ts";
export { type SubWorkflowOptions, subWorkflow } from "./engine/sub-workflow.ts";
export type { UserEngine, WorkflowEngine } from "./engine/workflow-engine.ts";
export {
  ERROR_CODES,
  type ErrorCode,
  isNonRetryableError,
  isRetryAfterError,
  isWorkflowError,
  NonRetryableError,
  RetryAfterError,
  WorkflowError,
  type WorkflowErrorOptions,
} from "./errors.ts";
export {
  type Add,
  type Adjusted,
  type Append,
  add,
  append,
  type Merge,
  merge,
} from "./state/adjustments.ts";
export {
  type ReadonlyWorkflowState,
  WorkflowState,
  type WorkflowStateClass,
} from "./state/bind-workflow-state.ts";
export type { CodecOptions, CodecType } from "./state/codec-types.ts";
export type { ContextMode } from "./state/context-values.ts";
export type { ExecutionOutput, ExecutionOutputCheckpoint } from "./state/execution-output.ts";
export type { Checkpoint, ResumePoint } from "./state/history.ts";
export type { ImportedExecution, ImportedOutput } from "./state/import-execution.ts";
export type { ValueTypes } from "./state/plain-json.ts";
export type { WaitingFor } from "./state/waiting.ts";
export type { ResumeStateOptions, WorkflowStateOptions } from "./state/workflow-state-options.ts";
export type {
  CheckpointKind,
  CheckpointRecord,
  CheckpointStore,
  ClaimRequest,
  CommitRequest,
  DeleteUnusedDefinitionsOptions,
  ErrorRecord,
  ExecutionRecord,
  ExecutionRef,
  FailureRecord,
  HeadUpdate,
  ListExecutionsOptions,
  NewCheckpoint,
  NewExecution,
  Page,
  ReadCheckpointsOptions,
  StoreCapabilities,
  WaitingNode,
  WorkflowStatus,
} from "./store/checkpoint-store.ts";
