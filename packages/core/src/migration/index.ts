export { areEqual } from "./are-equal.ts";
export type { CompareOptions } from "./compare-options.ts";
export { type ComparisonOptions, createComparison } from "./create-comparison.ts";
export { type DifferingPath, differingPaths, withoutPaths } from "./differing-paths.ts";
export { formatRolloutReport } from "./format-report.ts";
export { importExecutionOutputs } from "./import-execution-outputs.ts";
export type {
  ImportExecutionOutputsOptions,
  ImportProgress,
  ImportReport,
  ImportRow,
  RefusedRow,
} from "./import-types.ts";
export { type NaturalKind, naturalKind } from "./natural-values.ts";
export type {
  DirectOutcome,
  ExecutorName,
  NodeTimes,
  OutcomeFailure,
  RolloutOutcome,
  RolloutReason,
  RunOutcome,
  ShadowDifference,
  ShadowOutcome,
  StopOutcome,
  StopReason,
} from "./outcomes.ts";
export { type PathPattern, type PathSegment, parsePathPattern, writePathPattern } from "./path-pattern.ts";
export { projectExecutions } from "./project-executions.ts";
export type {
  DeletedExecution,
  ProjectExecutionsOptions,
  ProjectedExecution,
  Projection,
  ProjectionFailure,
  SweepReport,
  WrittenRevision,
} from "./projection-types.ts";
export { createRecorder, type Recorder, type RecorderOptions, type RecorderStats } from "./recorder.ts";
export type { RecordedNode, Recording, RecordingProblem } from "./recording.ts";
export { type RolloutReport, report, type ShadowSummary, type WorkflowSummary } from "./report.ts";
export { createRollout, type Rollout, type RolloutResult } from "./rollout.ts";
export type { RolloutOptions } from "./rollout-options.ts";
export type { AroundNode } from "./run-recording.ts";
export type { Percentiles, RunSummary } from "./run-summary.ts";
export type { V1Call, V1Result } from "./v1-shape.ts";
