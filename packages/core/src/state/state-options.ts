import { checker } from "../checker.ts";
import type { Clock } from "../clock.ts";
import { milliseconds } from "../durations.ts";
import { mustBe } from "../given.ts";
import { type Check, list, type OptionTable, oneOf, optional, options, wholeNumber } from "../option.ts";
import { MAX_LEASE_MS } from "../store/checks.ts";
import { storeOption } from "./store-option.ts";
import type { WorkflowStateOptions } from "./workflow-state-options.ts";

const clock: Check = (value) => {
  const { now, elapsed, schedule } = (value ?? {}) as Partial<Record<keyof Clock, unknown>>;
  return [now, elapsed, schedule].every((member) => typeof member === "function")
    ? undefined
    : mustBe("a Clock with the functions { now, elapsed, schedule }", value);
};

/** The options that an engine and a state class share. */
export const SHARED_OPTIONS: OptionTable<Required<WorkflowStateOptions>> = {
  store: storeOption,
  codec: optional(options({ types: optional(list) }, "an object { types: […] }")),
  leaseMs: optional(wholeNumber(0, MAX_LEASE_MS, "milliseconds")),
  storeRetryMs: optional(milliseconds),
  contextMode: optional(oneOf("frozen", "copy")),
  historyLimit: optional(wholeNumber(1)),
  clock: optional(clock),
};

/** Checks what `WorkflowState.withStore` is given. @throws {WorkflowError} INVALID_ARGUMENT */
export const checkWorkflowStateOptions: (value: unknown) => WorkflowStateOptions = checker(
  "WorkflowState.withStore",
  SHARED_OPTIONS,
);
