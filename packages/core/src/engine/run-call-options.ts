import { checker } from "../checker.ts";
import { milliseconds, positiveMs } from "../durations.ts";
import { mustBe } from "../given.ts";
import {
  anything,
  type Check,
  filter,
  flag,
  numberFrom,
  type OptionTable,
  oneOf,
  optional,
  text,
  wholeNumber,
} from "../option.ts";
import { id } from "../state/id-option.ts";
import type { CheckpointStore } from "../store/checkpoint-store.ts";
import { MAX_LEASE_MS } from "../store/checks.ts";
import { nodeConcurrency } from "./node-concurrency.ts";
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

const runOptions: OptionTable<RunOptions> = {
  timeoutMs: optional(positiveMs),
  budgetMs: optional(milliseconds),
  maxNodeRuns: optional(wholeNumber(1)),
  nodeConcurrency: optional(nodeConcurrency),
  signal: optional(signal),
  onAbort: optional(oneOf("hand-over", "cancel")),
  throwOnFailure: optional(flag),
};

/** Milliseconds that a store can add to its time. */
const storedMs = numberFrom(0, MAX_LEASE_MS, `a number of milliseconds from 0 to ${MAX_LEASE_MS} (a hundred years)`);

const nodeIds: Check = (value) => {
  if (Array.isArray(value) && value.length === 0) return "must name a node: the list is empty";
  const given: readonly unknown[] = Array.isArray(value) ? value : [value];
  const wrong = given.findIndex((each) => typeof each !== "string");
  return wrong === -1 ? undefined : mustBe("the id of a node, or a list of ids", given[wrong]);
};

const creation = {
  workflowId: id,
  userId: id,
  initialData: optional(anything),
  executionId: optional(id),
  ifExists: optional(oneOf("fail", "join", "resume")),
  deadlineMs: optional(storedMs),
  // The store checks what it can keep.
  metadata: optional(anything),
  startAt: optional(nodeIds),
};

const executeOptions: OptionTable<ExecuteWorkflowOptions> = {
  ...creation,
  resumeFromExecutionId: optional(id),
  ...runOptions,
};

const store: Check = (value) =>
  typeof (value as Partial<CheckpointStore> | null)?.createExecution === "function"
    ? undefined
    : mustBe("a store, or what inTransaction returns", value);

const startOptions: OptionTable<StartExecutionOptions> = {
  ...creation,
  store: optional(store),
  priority: optional(wholeNumber(-1_000, 1_000)),
};

const answerOptions: OptionTable<AnswerWaitOptions> = {
  waitToken: text,
  data: optional(anything),
  userId: filter(id),
};

const legacyOptions: OptionTable<ExecuteWorkflowSyncOptions> = {
  workflowId: id,
  userId: id,
  initialData: optional(anything),
  executionId: optional(id),
};

const resumeOptions: OptionTable<ResumeWorkflowOptions> = {
  executionId: id,
  nodeId: optional(id),
  data: optional(anything),
  definition: optional(oneOf("original", "current")),
  waitForLeaseMs: optional(milliseconds),
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
  timeoutMs: optional(milliseconds),
});
