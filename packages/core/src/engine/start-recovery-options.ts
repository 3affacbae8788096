import { checker } from "../checker.ts";
import { count, positiveMs } from "../durations.ts";
import { filter, flag, optional } from "../option.ts";
import { id } from "../state/id-option.ts";
import type { StartRecoveryOptions } from "./run-options.ts";

/** Checks what `startRecovery` is given: at once, since it starts in the background. @throws {WorkflowError} INVALID_ARGUMENT */
export const checkStartRecoveryOptions: (value: unknown) => StartRecoveryOptions = checker<StartRecoveryOptions>(
  "startRecovery",
  {
    intervalMs: optional(positiveMs),
    concurrency: optional(count),
    dispatch: optional(flag),
    workflowId: filter(id),
    userId: filter(id),
  },
);
