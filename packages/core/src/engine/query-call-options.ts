import * as z from "zod/mini";
import { checker, type OptionSchemas } from "../checker.ts";
import { count, milliseconds } from "../durations.ts";
import { filter, id } from "../state/id-schemas.ts";
import type {
  CancelExecutionOptions,
  DeleteExecutionOptions,
  ListExecutionsQuery,
  PruneDefinitionsOptions,
  PruneOptions,
  WatchExecutionOptions,
} from "./execution-queries.ts";
import type { RecoverExecutionsOptions } from "./run-options.ts";
import { signal } from "./signal-option.ts";

/** The longest reason that a cancellation keeps, in characters. */
const MAX_REASON = 1_000;

const recoverOptions: OptionSchemas<RecoverExecutionsOptions> = {
  limit: z.optional(count),
  concurrency: z.optional(count),
  budgetMs: z.optional(milliseconds),
  signal: z.optional(signal),
  workflowId: filter(id),
  userId: filter(id),
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

/** Checks what `recoverExecutions` is given. @throws {WorkflowError} INVALID_ARGUMENT */
export const checkRecoverOptions: (value: unknown) => RecoverExecutionsOptions = checker(
  "recoverExecutions",
  recoverOptions,
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
  checker<PruneDefinitionsOptions>("pruneDefinitions", { olderThanMs: milliseconds });

/** Checks what `pruneExecutions` is given. @throws {WorkflowError} INVALID_ARGUMENT */
export const checkPruneOptions: (value: unknown) => PruneOptions = checker("pruneExecutions", pruneOptions);
