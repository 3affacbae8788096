import * as z from "zod/mini";
import { checker, type OptionSchemas } from "../checker.ts";
import type { Clock } from "../clock.ts";
import { milliseconds } from "../durations.ts";
import { MAX_LEASE_MS } from "../store/checks.ts";
import type { WorkflowStateOptions } from "./workflow-state-options.ts";

/** The options that an engine and a state class share. */
export const SHARED_OPTIONS: OptionSchemas<Required<WorkflowStateOptions>> = {
  store: z.custom<unknown>(
    (value) => typeof (value as { commit?: unknown } | null)?.commit === "function",
    "must be a CheckpointStore; a Promise of one must be awaited",
  ),
  codec: z.optional(z.strictObject({ types: z.optional(z.custom<unknown>(Array.isArray, "must be a list")) })),
  leaseMs: z.optional(
    milliseconds.check(
      z.refine(Number.isSafeInteger, "must be a whole number"),
      z.refine((value) => value <= MAX_LEASE_MS, `must be at most ${MAX_LEASE_MS} (a hundred years)`),
    ),
  ),
  storeRetryMs: z.optional(milliseconds),
  contextMode: z.optional(z.enum(["frozen", "copy"])),
  historyLimit: z.optional(
    z
      .number()
      .check(z.refine((value) => Number.isSafeInteger(value) && value >= 1, "must be a whole number, 1 or more")),
  ),
  clock: z.optional(
    z.custom<unknown>((value) => {
      const { now, elapsed, schedule } = (value ?? {}) as Partial<Record<keyof Clock, unknown>>;
      return [now, elapsed, schedule].every((member) => typeof member === "function");
    }, "must be a Clock: { now, elapsed, schedule }"),
  ),
};

/** Checks what `WorkflowState.withStore` is given. @throws {WorkflowError} INVALID_ARGUMENT */
export const checkWorkflowStateOptions: (value: unknown) => WorkflowStateOptions = checker(
  "WorkflowState.withStore",
  SHARED_OPTIONS,
);
