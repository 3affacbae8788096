import * as z from "zod/mini";
import { checker, type OptionSchemas } from "../checker.ts";
import { milliseconds, positiveMs } from "../durations.ts";
import { filter, id } from "../state/id-schemas.ts";
import type { CheckpointStore } from "../store/checkpoint-store.ts";
import { MAX_LEASE_MS } from "../store/checks.ts";
import type {
  AnswerWaitOptions,
  DrainOptions,
  ExecuteWorkflowOptions,
  ExecuteWorkflowSyncOptions,
  ResumeWorkflowOptions,
  RunOptions,
  StartExecutionOptions,
} from "./run-options.ts";
import { signal } from "./signal-option.ts";

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

/** Checks what `executeWorkflowSync` is given. @throws {WorkflowError} INVALID_ARGUMENT */
export const checkLegacyOptions: (value: unknown) => ExecuteWorkflowSyncOptions<object> = checker(
  "executeWorkflowSync",
  legacyOptions,
) as (value: unknown) => ExecuteWorkflowSyncOptions<object>;

/** Checks what `resumeWorkflow` is given. @throws {WorkflowError} INVALID_ARGUMENT */
export const checkResumeOptions: (value: unknown) => ResumeWorkflowOptions = checker("resumeWorkflow", resumeOptions);

/** Checks what `drain` is given. @throws {WorkflowError} INVALID_ARGUMENT */
export const checkDrainOptions: (value: unknown) => DrainOptions = checker<DrainOptions>("drain", {
  timeoutMs: z.optional(milliseconds),
});
