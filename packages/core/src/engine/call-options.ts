import * as z from "zod/mini";
import { milliseconds, positiveMs } from "../definition/schema.ts";
import { checker } from "./checker.ts";

const signal = z.custom<AbortSignal>(
  (value) => typeof (value as AbortSignal | null)?.addEventListener === "function",
  "must be an AbortSignal",
);

const runOptions = {
  timeoutMs: z.optional(positiveMs),
  budgetMs: z.optional(milliseconds),
  signal: z.optional(signal),
  throwOnFailure: z.optional(z.boolean()),
};

const executeSchema = z.object({
  workflowId: z.string(),
  userId: z.string(),
  executionId: z.optional(z.string()),
  resumeFromExecutionId: z.optional(z.string()),
  ...runOptions,
});

const resumeSchema = z.object({
  executionId: z.string(),
  nodeId: z.optional(z.string()),
  fromNode: z.optional(z.string()),
  definition: z.optional(z.enum(["original", "current"])),
  waitForLeaseMs: z.optional(milliseconds),
  ...runOptions,
});

const pruneSchema = z.object({ olderThanMs: milliseconds });

/** Checks what `executeWorkflow` is given. @throws {WorkflowError} INVALID_ARGUMENT */
export const checkExecuteOptions: (value: unknown) => void = checker("executeWorkflow", executeSchema);

/** Checks what `resumeWorkflow` is given. @throws {WorkflowError} INVALID_ARGUMENT */
export const checkResumeOptions: (value: unknown) => void = checker("resumeWorkflow", resumeSchema);

/** Checks what `pruneExecutions` is given. @throws {WorkflowError} INVALID_ARGUMENT */
export const checkPruneOptions: (value: unknown) => void = checker("pruneExecutions", pruneSchema);
