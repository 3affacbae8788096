import { checker } from "../checker.ts";
import { mustBe } from "../given.ts";
import { type Check, filter, type OptionTable, optional, text, wholeNumber } from "../option.ts";
import { id } from "../state/id-option.ts";
import { quoted } from "../text.ts";
import type { CheckpointsPage, GetExecutionStateOptions } from "./execution-queries.ts";
import { isRecord } from "./options.ts";

const page: OptionTable<CheckpointsPage> = { limit: wholeNumber(1, 1_000), cursor: optional(text) };

const checkPage = checker<CheckpointsPage>("getExecutionState: checkpoints", page);

const EXPECTED = '"all", "last" or { limit, cursor? }';
const checkpoints: Check = (value) => {
  if (value === "all" || value === "last" || isRecord(value)) return undefined;
  return typeof value === "string" ? `must be ${EXPECTED}, not ${quoted(value, 40)}` : mustBe(EXPECTED, value);
};

const stateOptions: OptionTable<GetExecutionStateOptions> = { checkpoints: optional(checkpoints), userId: filter(id) };

const checkOptions: (value: unknown) => GetExecutionStateOptions = checker(
  "getExecutionState",
  stateOptions,
  "options",
);

/** Checks what `getExecutionState` is given. @throws {WorkflowError} INVALID_ARGUMENT */
export function checkStateOptions(value: unknown): GetExecutionStateOptions {
  const { checkpoints, ...options } = checkOptions(value);
  if (checkpoints === undefined) return options;
  return { ...options, checkpoints: typeof checkpoints === "string" ? checkpoints : checkPage(checkpoints) };
}
