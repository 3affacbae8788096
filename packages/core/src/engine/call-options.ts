import * as z from "zod/mini";
import { checker, type OptionSchemas } from "../checker.ts";
import { milliseconds, positiveMs } from "../durations.ts";
import { filter, id } from "../state/id-schemas.ts";
import type {
  CancelExecutionOptions,
  DeleteExecutionOptions,
  ListExecutionsQuery,
  PruneDefinitionsOptions,
  PruneOptions,
  WatchExecutionOptions,
} from "./execution-queries.ts";
import type {
  ExecuteWorkflowOptions,
  ExecuteWorkflowSyncOptions,
  ResumeWorkflowOptions,
  RunOptions,
} from "./run-options.ts";

/** The longest reason that a cancellation keeps, in characters. */
const MAX_REASON = 1_000;

const signal = z.custom<AbortSignal>((value) => {
  const { aborted, addEventListener, removeEventListener } = (value ?? {}) as Partial<AbortSignal>;
  return (
    typeof aborted === "boolean" && [addEventListener, removeEventListener].every((each) => typeof each === "function")
  );
}, "must be an AbortSignal");

const runOptions: OptionSchemas<RunOptions> = {
  timeoutMs: z.optional(positiveMs),
  budgetMs: z.optional(milliseconds),
  signal: z.optional(signal),
  throwOnFailure: z.optional(z.boolean()),
};

const executeOptions: OptionSchemas<ExecuteWorkflowOptions> = {
  workflowId: id,
  userId: id,
  initialData: z.optional(z.unknown()),
  executionId: z.optional(id),
  resumeFromExecutionId: z.optional(id),
  // The store checks what it can keep.
  metadata: z.optional(z.unknown()),
  ...runOptions,
};

const legacyOptions: OptionSchemas<ExecuteWorkflowSyncOptions> = {
  workflowId: id,
  userId: id,
  initialData: z.optional(z.unknown()),
  executionId: z.optional(id),
};

const resumeOptions: OptionSchemas<ResumeWorkflowOptions> = {
  executionId: id,
  nodeId: z.optional(id),
  data: z.optional(z.unknown()),
  definition: z.optional(z.enum(["original", "current"])),
  waitForLeaseMs: z.optional(milliseconds),
  userId: filter(id),
  ...runOptions,
};

const cancelOptions: OptionSchemas<CancelExecutionOptions> = {
  executionId: id,
  reason: z.optional(
    z.string().check(z.refine((value) => value.length <= MAX_REASON, `must be at most ${MAX_REASON} characters`)),
  ),
  userId: filter(id),
};

const deleteOptions: OptionSchemas<DeleteExecutionOptions> = { executionId: id, userId: filter(id) };

const watchOptions: OptionSchemas<WatchExecutionOptions> = {
  executionId: id,
  signal: z.optional(signal),
  checkpoints: z.optional(z.enum(["new", "all"])),
  userId: filter(id),
};

const status = z.custom<unknown>(
  (value) => typeof value === "string" || Array.isArray(value),
  "must be a status or a list of them",
);
const time = z.custom<unknown>(
  (value) => typeof value === "string" || typeof value === "number" || value instanceof Date,
  "must be a time: a Date, ISO 8601 text, or milliseconds since the epoch",
);

const listOptions: OptionSchemas<ListExecutionsQuery> = {
  workflowId: filter(id),
  userId: filter(id),
  status: filter(status),
  leaseExpired: filter(z.boolean()),
  due: filter(z.boolean()),
  parentId: filter(id),
  topLevel: filter(z.boolean()),
  createdAfter: filter(time),
  createdBefore: filter(time),
  endedAfter: filter(time),
  endedForMs: filter(milliseconds),
  cursor: z.optional(z.string()),
  limit: z.optional(z.number()),
  order: z.optional(z.enum(["asc", "desc"])),
};

const pruneOptions: OptionSchemas<PruneOptions> = {
  olderThanMs: milliseconds,
  status: filter(status),
  workflowId: filter(id),
  userId: filter(id),
};

/** Checks what `executeWorkflow` is given. @throws {WorkflowError} INVALID_ARGUMENT */
export const checkExecuteOptions: (value: unknown) => ExecuteWorkflowOptions<object> = checker(
  "executeWorkflow",
  executeOptions,
) as (value: unknown) => ExecuteWorkflowOptions<object>;

/** Checks what `executeWorkflowSync` is given. @throws {WorkflowError} INVALID_ARGUMENT */
export const checkLegacyOptions: (value: unknown) => ExecuteWorkflowSyncOptions<object> = checker(
  "executeWorkflowSync",
  legacyOptions,
) as (value: unknown) => ExecuteWorkflowSyncOptions<object>;

/** Checks what `resumeWorkflow` is given. @throws {WorkflowError} INVALID_ARGUMENT */
export const checkResumeOptions: (value: unknown) => ResumeWorkflowOptions = checker("resumeWorkflow", resumeOptions);

/** Checks what `cancelExecution` is given. @throws {WorkflowError} INVALID_ARGUMENT */
export const checkCancelOptions: (value: unknown) => CancelExecutionOptions = checker("cancelExecution", cancelOptions);

/** Checks what `deleteExecution` is given. @throws {WorkflowError} INVALID_ARGUMENT */
export const checkDeleteOptions: (value: unknown) => DeleteExecutionOptions = checker("deleteExecution", deleteOptions);

/** Checks what `watchExecution` is given. @throws {WorkflowError} INVALID_ARGUMENT */
export const checkWatchOptions: (value: unknown) => WatchExecutionOptions = checker("watchExecution", watchOptions);

/** Checks what `listExecutions` and `executions` are given. @throws {WorkflowError} INVALID_ARGUMENT */
export const checkListOptions: Readonly<
  Record<"listExecutions" | "executions", (value: unknown) => ListExecutionsQuery>
> = { listExecutions: checker("listExecutions", listOptions), executions: checker("executions", listOptions) };

/** Checks what `pruneDefinitions` is given. @throws {WorkflowError} INVALID_ARGUMENT */
export const checkPruneDefinitionsOptions: (value: unknown) => PruneDefinitionsOptions =
  checker<PruneDefinitionsOptions>("pruneDefinitions", { olderThanMs: milliseconds });

/** Checks what `pruneExecutions` is given. @throws {WorkflowError} INVALID_ARGUMENT */
export const checkPruneOptions: (value: unknown) => PruneOptions = checker("pruneExecutions", pruneOptions);
