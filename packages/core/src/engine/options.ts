import * as z from "zod/mini";
import type { Clock } from "../clock.ts";
import { milliseconds, positiveMs, retrySchema } from "../definition/schema.ts";
import { checker } from "./checker.ts";

const fn = z.custom<unknown>((value) => typeof value === "function", "must be a function");
const clock = z.custom<object>((value) => {
  const { now, elapsed, schedule } = (value ?? {}) as Partial<Record<keyof Clock, unknown>>;
  return [now, elapsed, schedule].every((member) => typeof member === "function");
}, "must be a Clock: { now, elapsed, schedule }");

const engineSchema = z.object({
  store: z.custom<object>(
    (value) => typeof (value as { commit?: unknown } | null)?.commit === "function",
    "must be a CheckpointStore",
  ),
  workflows: z
    .custom<unknown>(isObjectOrFunction, "must be a list, a record or a function")
    .check(z.refine(hasDistinctIds, "two workflows have one id")),
  executors: z.custom<unknown>(isObjectOrFunction, "must be a record or a function"),
  retry: z.optional(retrySchema),
  clock: z.optional(clock),
  nodeTimeoutMs: z.optional(positiveMs),
  timeoutMs: z.optional(positiveMs),
  leaseMs: z.optional(milliseconds.check(z.refine(Number.isSafeInteger, "must be a whole number"))),
  durability: z.optional(z.enum(["sync", "async"])),
  contextMode: z.optional(z.enum(["frozen", "copy"])),
  onEvent: z.optional(fn),
});

/** Checks what `createWorkflowEngine` is given. @throws {WorkflowError} INVALID_ARGUMENT */
export const checkEngineOptions: (value: unknown) => void = checker("createWorkflowEngine", engineSchema);

function isObjectOrFunction(value: unknown): boolean {
  return typeof value === "function" || (typeof value === "object" && value !== null);
}

function hasDistinctIds(workflows: unknown): boolean {
  if (!Array.isArray(workflows)) return true;
  const ids = workflows.map((definition) => (definition as { id?: unknown } | null)?.id);
  return new Set(ids).size === ids.length;
}
