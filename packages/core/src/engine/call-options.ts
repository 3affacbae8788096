import * as z from "zod/mini";
import { checker, type OptionSchemas } from "../checker.ts";
import { count, milliseconds, positiveMs } from "../durations.ts";
import { filter, id } from "../state/id-schemas.ts";
import type { CheckpointStore } from "../store/checkpoint-store.ts";
import { MAX_LEASE_MS } from "../store/checks.ts";
import type {
  CancelExecutionOptions,
  DeleteExecutionOptions,
  ListExecutionsQuery,
  PruneDefinitionsOptions,
  PruneOptions,
  WatchExecutionOptions,
} from "./execution-queries.ts";
import type {
  AnswerWaitOptions,
  DrainOptions,
  ExecuteWorkflowOptions,
  ExecuteWorkflowSyncOptions,
  RecoverExecutionsOptions,
  ResumeWorkflowOptions,
  RunOptions,
  StartExecutionOptions,
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
  onAbort: z.optional(z.enum(["hand-over", "cancel"])),
  throwOnFailure: z.optional(z.boolean()),
};

/** Milliseconds that a store can add to its time. */
const storedMs = milliseconds.check(
  z.refine((value) => (value as number) <= MAX_LEASE_MS, `must be at most ${MAX_LEASE_MS} (a hundred years)`),
);

const creation = {
  workflowId: id,
  userId: id,
  initialData: z.optional(z.unknown()),
  executionId: z.optional(id),
  ifExists: z.optional(z.enum(["fail", "join", "resume"])),
  deadlineMs: z.optional(storedMs),
  // The store checks what it can keep.
  metadata: z.optional(z.unknown()),
};

const executeOptions: OptionSchemas<ExecuteWorkflowOptions> = {
  ...creation,
  resumeFromExecutionId: z.optional(id),
  ...runOptions,
};

const startOptions: OptionSchemas<StartExecutionOptions> = {
  ...creation,
  store: z.optional(
    z.custom<unknown>(
      (value) => typeof (value as Partial<CheckpointStore> | null)?.createExecution === "function",
      "must be a store, or what inTransaction returns",
    ),
  ),
};

const answerOptions: OptionSchemas<AnswerWaitOptions> = {
  waitToken: z.string(),
  data: z.optional(z.unknown()),
  userId: filter(id),
};

const recoverOptions: OptionSchemas<RecoverExecutionsOptions> = {
  limit: z.optional(count),
  concurrency: z.optional(count),
  budgetMs: z.optional(milliseconds),
  signal: z.optional(signal),
  workflowId: filter(id),
  userId: filter(id),
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
  onProgress: z.optional(z.custom<unknown>((value) => typeof value === "function", "must be a function")),
  dryRun: filter(z.boolean()),
};

/** Checks what `executeWorkflow` is given. @throws {WorkflowError} INVALID_ARGUMENT */
export const checkExecuteOptions: (value: unknown) => ExecuteWorkflowOptions<object> = checker(
  "executeWorkflow",
  executeOptions,
) as (value: unknown) => ExecuteWorkflowOptions<object>;

/** Checks what `startExecution` is given. @throws {WorkflowError} INVALID_ARGUMENT */
export const checkStartOptions: (value: unknown) => StartExecutionOptions<object> = checker(
  "startExecution",
  startOptions,
) as (value: unknown) => StartExecutionOptions<object>;

/** Checks what `answerWait` is given. @throws {WorkflowError} INVALID_ARGUMENT */
export const checkAnswerOptions: (value: unknown) => AnswerWaitOptions = checker("answerWait", answerOptions);

/** Checks what `recoverExecutions` is given. @throws {WorkflowError} INVALID_ARGUMENT */
export const checkRecoverOptions: (value: unknown) => RecoverExecutionsOptions = checker(
  "recoverExecutions",
  recoverOptions,
);

/** Checks what `drain` is given. @throws {WorkflowError} INVALID_ARGUMENT */
export const checkDrainOptions: (value: unknown) => DrainOptions = checker<DrainOptions>("drain", {
  timeoutMs: z.optional(milliseconds),
});

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
