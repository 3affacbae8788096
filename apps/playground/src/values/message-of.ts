import { cleanText, safeError } from "@waymark/core/store";

/** The longest message that is kept of something thrown, in characters. */
const MAX_MESSAGE = 2_000;

/** The message of anything that was thrown, fit to be kept and shown; never throws itself. */
export function messageOf(thrown: unknown): string {
  if (thrown === null || thrown === undefined) return `${thrown} was thrown`;
  if (typeof thrown !== "object" && typeof thrown !== "function") return cleanText(String(thrown), MAX_MESSAGE);
  const { message, name } = safeError(thrown);
  return message === "" ? name : message;
}
