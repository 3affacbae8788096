import { readProperty } from "./errors.ts";
import { cleanText } from "./text.ts";

/** The longest message of an error that is kept, in characters. */
const MAX_MESSAGE = 2_000;
/** The longest stack that is kept, in characters. */
const MAX_STACK = 4_000;

/**
 * Copies the parts of a foreign error (a driver's, for example) that are safe to keep and log: name, message, code and
 * stack.
 *
 * - Nothing else is copied: drivers attach commands with their arguments, rows and addresses to their errors.
 * - Texts are cut to a limit, control characters are escaped, and user and password are removed from addresses.
 * - Never throws, whatever value it is given.
 */
export function safeError(error: unknown): Error & { code?: string | number } {
  const message = readText(error, "message") ?? (typeof error === "string" ? error : "Unknown error");
  const safe: Error & { code?: string | number } = new Error(cleanText(message, MAX_MESSAGE));
  const name = readText(error, "name");
  if (name !== undefined) defineHidden(safe, "name", cleanText(name, 100));
  const stack = readText(error, "stack");
  defineHidden(safe, "stack", stack === undefined ? `${safe.name}: ${safe.message}` : cleanText(stack, MAX_STACK));
  const code = readProperty(error, "code");
  if (typeof code === "number") safe.code = code;
  else if (typeof code === "string") safe.code = cleanText(code, 100);
  return safe;
}

function defineHidden(target: object, key: string, value: string): void {
  Object.defineProperty(target, key, { value, writable: true, configurable: true });
}

function readText(value: unknown, key: string): string | undefined {
  const text = readProperty(value, key);
  return typeof text === "string" ? text : undefined;
}
