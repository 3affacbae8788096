import * as z from "zod/mini";
import { retrySchema } from "../definition/schema.ts";
import { WorkflowError } from "../errors.ts";

const milliseconds = z.number().check(z.nonnegative());
const positiveMs = z.number().check(z.positive());
const object = z.custom<object>((value) => typeof value === "object" && value !== null, "must be an object");
const fn = z.custom<unknown>((value) => typeof value === "function", "must be a function");
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

const clock = z.custom<object>((value) => {
  const { now, schedule } = (value ?? {}) as { now?: unknown; schedule?: unknown };
  return typeof now === "function" && typeof schedule === "function";
}, "must be a Clock");

const engineSchema = z.object({
  store: z.custom<object>(
    (value) => typeof (value as { commit?: unknown } | null)?.commit === "function",
    "must be a CheckpointStore",
  ),
  workflows: z.union([object, fn], "must be a list, a record or a function"),
  executors: z.union([object, fn], "must be a record or a function"),
  retry: z.optional(retrySchema),
  clock: z.optional(clock),
  nodeTimeoutMs: z.optional(positiveMs),
  timeoutMs: z.optional(positiveMs),
  leaseMs: z.optional(z.int().check(z.nonnegative())),
  durability: z.optional(z.enum(["sync", "async"])),
  contextMode: z.optional(z.enum(["frozen", "copy"])),
  onEvent: z.optional(fn),
});

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

/** Checks what `createWorkflowEngine` is given. @throws {WorkflowError} INVALID_ARGUMENT */
export const checkEngineOptions: (value: unknown) => void = checker("createWorkflowEngine", engineSchema);

/** Checks what `executeWorkflow` is given. @throws {WorkflowError} INVALID_ARGUMENT */
export const checkExecuteOptions: (value: unknown) => void = checker("executeWorkflow", executeSchema);

/** Checks what `resumeWorkflow` is given. @throws {WorkflowError} INVALID_ARGUMENT */
export const checkResumeOptions: (value: unknown) => void = checker("resumeWorkflow", resumeSchema);

/** Checks what `pruneExecutions` is given. @throws {WorkflowError} INVALID_ARGUMENT */
export const checkPruneOptions: (value: unknown) => void = checker("pruneExecutions", pruneSchema);

function checker(name: string, schema: z.ZodMiniType): (value: unknown) => void {
  return (value) => {
    const result = schema.safeParse(value);
    if (result.success) return;
    const problems = result.error.issues.map(({ path, message }) => [...path.map(String), message].join(": "));
    throw new WorkflowError("INVALID_ARGUMENT", `${name}: ${problems.join("; ")}.`, { details: { problems } });
  };
}
