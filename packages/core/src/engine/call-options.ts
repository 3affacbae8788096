import * as z from "zod/mini";
import { checker, type OptionSchemas } from "../checker.ts";
import { milliseconds, positiveMs } from "../definition/schema.ts";
import { messageOf } from "../errors.ts";
import { checkId } from "../store/checks.ts";

import type {
  ExecuteWorkflowOptions,
  ExecuteWorkflowSyncOptions,
  ListExecutionsQuery,
  PruneOptions,
  ResumeWorkflowOptions,
  RunOptions,
} from "./types.ts";

const signal = z.custom<AbortSignal>((value) => {
  const { aborted, addEventListener, removeEventListener } = (value ?? {}) as Partial<AbortSignal>;
  return (
    typeof aborted === "boolean" && [addEventListener, removeEventListener].every((each) => typeof each === "function")
  );
}, "must be an AbortSignal");

const id = z
  .custom<unknown>((value) => typeof value === "string", "must be a string")
  .check(({ value, issues }) => {
    try {
      checkId(value, "");
    } catch (error) {
      issues.push({ code: "custom", input: value, message: messageOf(error).trim().replace(/\.$/, "") });
    }
  });

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
  ...runOptions,
};

/** What narrows a listing must not vanish: `undefined`, `null` and "" would mean everything. */
const filter = (schema: z.ZodMiniType) =>
  z.exactOptional(
    schema.check(z.refine((value) => value !== undefined && value !== null && value !== "", "must not be empty")),
  );
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
  createdBefore: filter(time),
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

/** Checks what `listExecutions` is given. @throws {WorkflowError} INVALID_ARGUMENT */
export const checkListOptions: (value: unknown) => ListExecutionsQuery = checker("listExecutions", listOptions);

/** Checks what `pruneExecutions` is given. @throws {WorkflowError} INVALID_ARGUMENT */
export const checkPruneOptions: (value: unknown) => PruneOptions = checker("pruneExecutions", pruneOptions);
