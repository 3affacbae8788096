import { checker } from "../checker.ts";
import { count, milliseconds } from "../durations.ts";
import { mustBe } from "../given.ts";
import { type Check, callback, filter, flag, type OptionTable, oneOf, optional, text, wholeNumber } from "../option.ts";
import { id } from "../state/id-option.ts";
import { MAX_PAGE_SIZE } from "../store/paging.ts";
import { isWorkflowStatus, STATUSES } from "../store/status.ts";
import { quoted } from "../text.ts";
import type {
  CancelExecutionOptions,
  DeleteExecutionOptions,
  ListExecutionsQuery,
  PruneDefinitionsOptions,
  PruneOptions,
  WatchExecutionOptions,
} from "./execution-queries.ts";
import type { RecoverExecutionOptions, RecoverExecutionsOptions } from "./run-options.ts";
import { signal } from "./signal-option.ts";

/** The longest reason that a cancellation keeps, in characters. */
const MAX_REASON = 1_000;

/** Milliseconds that the store counts by its own clock. */
const storedMs = wholeNumber(0, Number.MAX_SAFE_INTEGER, "milliseconds");

const recoverOptions: OptionTable<RecoverExecutionsOptions> = {
  limit: optional(count),
  concurrency: optional(count),
  budgetMs: optional(milliseconds),
  signal: optional(signal),
  workflowId: filter(id),
  userId: filter(id),
};

const recoverOneOptions: OptionTable<RecoverExecutionOptions> = {
  executionId: id,
  budgetMs: optional(milliseconds),
  signal: optional(signal),
  userId: filter(id),
};

const reason: Check = (value) => {
  if (typeof value !== "string") return text(value);
  return value.length <= MAX_REASON ? undefined : `must be at most ${MAX_REASON} characters, not ${value.length}`;
};

const cancelOptions: OptionTable<CancelExecutionOptions> = {
  executionId: id,
  reason: optional(reason),
  userId: filter(id),
};

const deleteOptions: OptionTable<DeleteExecutionOptions> = { executionId: id, userId: filter(id) };

const watchOptions: OptionTable<WatchExecutionOptions> = {
  executionId: id,
  signal: optional(signal),
  checkpoints: optional(oneOf("new", "all")),
  userId: filter(id),
};

const oneStatus = oneOf(...([...STATUSES] as string[]));
const status: Check = (value) => {
  if (!Array.isArray(value)) return oneStatus(value);
  const wrong = value.find((each) => !isWorkflowStatus(each));
  return wrong === undefined && !value.includes(undefined) ? undefined : oneStatus(wrong);
};
const TIME = "a time: a Date, ISO 8601 text, or milliseconds since the epoch";
const time: Check = (value) => {
  const isText = typeof value === "string";
  if (isText || value instanceof Date) {
    const given = isText ? quoted(value, 40) : "one before 1970 or an invalid Date";
    return new Date(value).getTime() >= 0 ? undefined : `must be ${TIME}, not ${given}`;
  }
  return Number.isFinite(value) && (value as number) >= 0 ? undefined : mustBe(TIME, value);
};

const listOptions: OptionTable<ListExecutionsQuery> = {
  workflowId: filter(id),
  userId: filter(id),
  status: filter(status),
  leaseExpired: filter(flag),
  due: filter(flag),
  parentId: filter(id),
  topLevel: filter(flag),
  createdAfter: filter(time),
  createdBefore: filter(time),
  endedAfter: filter(time),
  endedForMs: filter(storedMs),
  cursor: optional(text),
  limit: optional(wholeNumber(1, MAX_PAGE_SIZE)),
  order: optional(oneOf("asc", "desc")),
};

const pruneOptions: OptionTable<PruneOptions> = {
  olderThanMs: storedMs,
  status: filter(status),
  workflowId: filter(id),
  userId: filter(id),
  onProgress: optional(callback),
  dryRun: filter(flag),
};

/** Checks what `recoverExecutions` is given. @throws {WorkflowError} INVALID_ARGUMENT */
export const checkRecoverOptions: (value: unknown) => RecoverExecutionsOptions = checker(
  "recoverExecutions",
  recoverOptions,
);

/** Checks what `recoverExecution` is given. @throws {WorkflowError} INVALID_ARGUMENT */
export const checkRecoverOneOptions: (value: unknown) => RecoverExecutionOptions = checker(
  "recoverExecution",
  recoverOneOptions,
);

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
  checker<PruneDefinitionsOptions>("pruneDefinitions", { olderThanMs: storedMs });

/** Checks what `pruneExecutions` is given. @throws {WorkflowError} INVALID_ARGUMENT */
export const checkPruneOptions: (value: unknown) => PruneOptions = checker("pruneExecutions", pruneOptions);
