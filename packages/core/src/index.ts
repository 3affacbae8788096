export { type Clock, systemClock } from "./clock.ts";
export { defineWorkflow } from "./definition/define-workflow.ts";
export {
  type FromReactFlowOptions,
  fromReactFlow,
  type ReactFlowEdge,
  type ReactFlowNode,
  type ReactFlowObject,
} from "./definition/react-flow.ts";
export type { RetryPolicy, WorkflowDefinition, WorkflowEdge, WorkflowNode } from "./definition/schema.ts";
export type { SchemaInput, SchemaOutput, StandardSchema } from "./definition/standard-schema.ts";
export { createWorkflowEngine, type WorkflowEngine } from "./engine/engine.ts";
export type { ExecutionEvent, LogLevel } from "./engine/events.ts";
export {
  type DefinedNode,
  defineNode,
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
  CompletedResult,
  ExecuteWorkflowOptions,
  ExecuteWorkflowResult,
  ExecuteWorkflowSyncOptions,
  ExecutionSummary,
  ExecutorSource,
  FailedResult,
  GetExecutionStateOptions,
  InputOf,
  LegacyResult,
  ListExecutionsQuery,
  LostResult,
  PruneOptions,
  ResumeWorkflowOptions,
  RunOptions,
  StoppedResult,
  WorkflowEngineOptions,
  WorkflowSource,
} from "./engine/types.ts";
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
export { MAX_ID_BYTES, MAX_NAME_BYTES } from "./limits.ts";
export { safeError } from "./safe-error.ts";
export type { CodecOptions, CodecType } from "./state/codec-types.ts";
export type { ContextMode } from "./state/context-values.ts";
export type { ExecutionOutput, ExecutionOutputCheckpoint } from "./state/execution-output.ts";
export type { Checkpoint } from "./state/history.ts";
export type { ImportedExecution, ImportedOutput } from "./state/import-execution.ts";
export type { ValueTypes } from "./state/plain-json.ts";
export {
  type ReadonlyWorkflowState,
  type ResumePoint,
  WorkflowState,
  type WorkflowStateClass,
  type WorkflowStateOptions,
} from "./state/workflow-state.ts";
export {
  checkClaim,
  checkCommit,
  checkDefinition,
  checkDeleteExecutions,
  checkListExecutions,
  checkNewExecution,
  checkReadCheckpoints,
  type ListQuery,
} from "./store/arguments.ts";
export type {
  CheckpointKind,
  CheckpointRecord,
  CheckpointStore,
  ClaimRequest,
  CommitRequest,
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
  WorkflowStatus,
} from "./store/checkpoint-store.ts";
export { checkId, MAX_FAILURE_BYTES, MAX_LEASE_MS } from "./store/checks.ts";
export { checkNames } from "./store/fields.ts";
export { compareIds, DEFAULT_PAGE_SIZE, encodeCursor, MAX_PAGE_SIZE, type PagePosition } from "./store/paging.ts";
export {
  alreadyExists,
  claimedHead,
  claimRefusal,
  commitRefusal,
  committedHead,
  createdHead,
  notFound,
} from "./store/rules.ts";
export { isEnded } from "./store/status.ts";
export { readStoredCheckpoint, readStoredHead, type StoredFields } from "./store/stored-records.ts";
export { type FieldWriter, type FieldWriters, writeFields } from "./store/write-fields.ts";
export { tell } from "./tell.ts";
export { cleanText, listed, quoted } from "./text.ts";
export { MAX_TIME_MS } from "./time.ts";
