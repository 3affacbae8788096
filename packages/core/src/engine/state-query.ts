import * as z from "zod/mini";
import { checker, type OptionSchemas } from "../checker.ts";
import { filter, id } from "../state/id-schemas.ts";
import type { CheckpointsPage, GetExecutionStateOptions } from "./execution-queries.ts";
import { isRecord } from "./options.ts";

const page: OptionSchemas<CheckpointsPage> = {
  limit: z
    .number()
    .check(
      z.refine(
        (value) => Number.isInteger(value) && value >= 1 && value <= 1_000,
        "must be a whole number from 1 to 1,000",
      ),
    ),
  cursor: z.optional(z.string()),
};

const checkPage = checker<CheckpointsPage>("getExecutionState: checkpoints", page);

const stateOptions: OptionSchemas<GetExecutionStateOptions> = {
  checkpoints: z.optional(z.custom<unknown>(isQuery, 'must be "all", "last" or { limit, cursor? }')),
  userId: filter(id),
};

const checkOptions: (value: unknown) => GetExecutionStateOptions = checker("getExecutionState", stateOptions);

/** Checks what `getExecutionState` is given. @throws {WorkflowError} INVALID_ARGUMENT */
export function checkStateOptions(value: unknown): GetExecutionStateOptions {
  const { checkpoints, ...options } = checkOptions(value);
  if (checkpoints === undefined) return options;
  return { ...options, checkpoints: typeof checkpoints === "string" ? checkpoints : checkPage(checkpoints) };
}

function isQuery(value: unknown): boolean {
  return value === "all" || value === "last" || isRecord(value);
}
