import { cleanText, safeError } from "@waymark/core/store";

/** The maximum length of the message of a thrown value, in characters. */
const MAX_MESSAGE = 2_000;

/** Returns the message of any thrown value, safe to store and to print. It never throws. */
export function messageOf(thrown: unknown): string {
  if (thrown === null || thrown === undefined) return `${thrown} was thrown`;
  if (typeof thrown !== "object" && typeof thrown !== "function") return cleanText(String(thrown), MAX_MESSAGE);
  const { message, name } = safeError(thrown);
  return message === "" ? name : message;
}
