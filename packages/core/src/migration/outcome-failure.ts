import { type ErrorCode, isWorkflowError, readProperty } from "../errors.ts";
import { safeError } from "../safe-error.ts";
import type { OutcomeFailure } from "./outcomes.ts";

const MAX_MESSAGE = 500;

/** Returns the code and message of anything that was thrown, safe to store. Never throws. */
export function failureOf(thrown: unknown): OutcomeFailure {
  const { code, name, message } = safeError(thrown);
  return { code: code === undefined ? name : String(code), message: message.slice(0, MAX_MESSAGE) };
}

/** Returns the failure in a result of the old executor, which has only a text. */
export function failureOfV1(result: unknown): OutcomeFailure {
  const error = readProperty(result, "error");
  return { ...failureOf(error), code: "V1" };
}

/** The codes of a call that is wrong, or that somebody has cancelled. */
const OWN: ReadonlySet<string> = new Set([
  "INVALID_ARGUMENT",
  "EXECUTION_ALREADY_EXISTS",
  "EXECUTION_CANCELLED",
  "EXECUTION_NOT_FOUND",
] satisfies ErrorCode[]);

/** Returns true for an error that a call of V2 throws by its caller's fault. It shows nothing about V2. */
export function isCallersOwn(error: unknown): boolean {
  return isWorkflowError(error) && OWN.has(error.code);
}
