import { checker } from "../checker.ts";
import { milliseconds, positiveMs } from "../durations.ts";
import { mustBe } from "../given.ts";
import { anything, type Check, filter, flag, type OptionTable, oneOf, optional, wholeNumber } from "../option.ts";
import { id } from "../state/id-option.ts";
import { MAX_LEASE_MS } from "../store/checks.ts";
import { nodeConcurrency } from "./node-concurrency.ts";
import type {
  ExecuteWorkflowOptions,
  ExecuteWorkflowSyncOptions,
  ResumeWorkflowOptions,
  RunOptions,
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

/** Milliseconds that a store can add to its time: at most a hundred years. */
const storedMs = wholeNumber(0, MAX_LEASE_MS, "milliseconds");

const nodeIds: Check = (value) => {
  if (Array.isArray(value) && value.length === 0) return "must name a node: the list is empty";
  const given: readonly unknown[] = Array.isArray(value) ? value : [value];
  const wrong = given.findIndex((each) => typeof each !== "string");
  return wrong === -1 ? undefined : mustBe("the id of a node, or a list of ids", given[wrong]);
};

/** The options of calls that create an execution. */
export const creation = {
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

/** Checks what `executeWorkflowSync` is given. @throws {WorkflowError} INVALID_ARGUMENT */
export const checkLegacyOptions: (value: unknown) => ExecuteWorkflowSyncOptions<object> = checker(
  "executeWorkflowSync",
  legacyOptions,
) as (value: unknown) => ExecuteWorkflowSyncOptions<object>;

/** Checks what `resumeWorkflow` is given. @throws {WorkflowError} INVALID_ARGUMENT */
export const checkResumeOptions: (value: unknown) => ResumeWorkflowOptions = checker("resumeWorkflow", resumeOptions);
