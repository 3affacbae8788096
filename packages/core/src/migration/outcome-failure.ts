import { readProperty } from "../errors.ts";
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
