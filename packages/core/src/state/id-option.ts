import { messageOf, WorkflowError } from "../errors.ts";
import { mustBe } from "../given.ts";
import { MAX_ID_BYTES } from "../limits.ts";
import type { Check } from "../option.ts";
import { checkId } from "../store/checks.ts";

/** An id, as stores take it. */
export const id: Check = (value) => {
  if (typeof value === "number") return `must be a string, not the number ${value}: use String(…)`;
  if (typeof value !== "string") return mustBe("a string", value);
  if (value === "") return mustBe(`1 to ${MAX_ID_BYTES} bytes of UTF-8`, value);
  try {
    checkId(value, "");
    return undefined;
  } catch (error) {
    return messageOf(error).trim().replace(/\.$/, "");
  }
};

/**
 * Checks an id that a call takes as an argument of its own.
 *
 * @param form The form of the call, for the message.
 * @throws {WorkflowError} INVALID_ARGUMENT
 */
export function checkIdArgument(form: string, name: string, value: unknown): void {
  const problem = id(value);
  if (problem !== undefined) throw new WorkflowError("INVALID_ARGUMENT", `${form}: ${name}: ${problem}.`);
}
