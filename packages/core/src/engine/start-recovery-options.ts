import * as z from "zod/mini";
import { checker } from "../checker.ts";
import { count, positiveMs } from "../durations.ts";
import { filter, id } from "../state/id-schemas.ts";
import type { StartRecoveryOptions } from "./run-options.ts";

/** Checks what `startRecovery` is given: at once, since it starts in the background. @throws {WorkflowError} INVALID_ARGUMENT */
export const checkStartRecoveryOptions: (value: unknown) => StartRecoveryOptions = checker<StartRecoveryOptions>(
  "startRecovery",
  {
    intervalMs: z.optional(positiveMs),
    concurrency: z.optional(count),
    workflowId: filter(id),
    userId: filter(id),
  },
);
