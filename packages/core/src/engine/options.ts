import * as z from "zod/mini";
import { checker, type OptionSchemas } from "../checker.ts";
import { retryFields } from "../definition/schema.ts";
import { positiveMs } from "../durations.ts";
import { SHARED_OPTIONS } from "../state/state-options.ts";
import type { WorkflowEngineOptions } from "./engine-options.ts";

const engineOptions: OptionSchemas<WorkflowEngineOptions> = {
  ...SHARED_OPTIONS,
  workflows: z
    .custom<unknown>(isObjectOrFunction, "must be a list, a record or a function")
    .check(z.refine(hasDistinctIds, "two workflows have one id")),
  executors: z
    .custom<unknown>((value) => typeof value === "function" || isRecord(value), "must be a record or a function")
    .check(z.refine(holdsFunctions, "must hold a function for each node type")),
  retry: z.optional(z.strictObject(retryFields)),
  nodeTimeoutMs: z.optional(positiveMs),
  timeoutMs: z.optional(positiveMs),
  maxRecoveries: z.optional(
    z
      .number()
      .check(z.refine((value) => Number.isSafeInteger(value) && value >= 0, "must be a whole number, 0 or more")),
  ),
  durability: z.optional(z.enum(["sync", "async"])),
  logger: z.optional(
    z.custom<unknown>(
      (value) =>
        LEVELS.every((level) => typeof (value as Partial<Record<string, unknown>> | null)?.[level] === "function"),
      "must have the functions debug, info, warn and error",
    ),
  ),
  redact: z.optional(z.array(z.string())),
  onEvent: z.optional(z.custom<unknown>((value) => typeof value === "function", "must be a function")),
};

const LEVELS = ["debug", "info", "warn", "error"];

/** Checks what `createWorkflowEngine` is given. @throws {WorkflowError} INVALID_ARGUMENT */
export const checkEngineOptions: (value: unknown) => WorkflowEngineOptions = checker(
  "createWorkflowEngine",
  engineOptions,
);

function isObjectOrFunction(value: unknown): boolean {
  return typeof value === "function" || Array.isArray(value) || isRecord(value);
}

/** Not a list, nor what only looks empty: a Map, or a promise that was not awaited. */
export function isRecord(value: unknown): boolean {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  return !(value instanceof Map || value instanceof Promise);
}

function hasDistinctIds(workflows: unknown): boolean {
  if (!Array.isArray(workflows)) return true;
  const ids = workflows.map((definition) => (definition as { id?: unknown } | null)?.id);
  return new Set(ids).size === ids.length;
}

/** Executors, by their types. */
export function holdsFunctions(executors: unknown): boolean {
  if (typeof executors === "function") return true;
  return Object.values(executors as object).every((executor) => typeof executor === "function");
}
