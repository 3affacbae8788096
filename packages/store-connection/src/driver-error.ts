import type { WorkflowError } from "@waymark/core";
import { cleanText, type StoreFault, safeError, unavailable } from "@waymark/core/store";

/** A fault of a database or of the way to it. */
export interface Fault {
  reason: StoreFault;
  /** The event and the remedy, in full sentences. In the message they stand before the driver's own words. */
  advice: string;
}

/** The longest part of a driver's words that is repeated, in characters. */
const MAX_WORDS = 1_000;

const SOCKET_CODES = /^(ECONN|EPIPE|EHOST|ENET|ENOTFOUND|EAI_|ETIMEDOUT)/;
const TLS_CODES = /^(DEPTH_ZERO_|SELF_SIGNED|UNABLE_TO_|CERT_|ERR_TLS|ERR_SSL|ERR_OSSL|EPROTO)/;

/** Makes the STORE_UNAVAILABLE for a fault: its advice, and then the words of the cause. */
export function unavailableBy(
  { reason, advice }: Fault,
  cause: Error,
  details: Record<string, unknown>,
): WorkflowError {
  return unavailable(reason, `${advice} (${cause.message})`, { cause, details });
}

/**
 * Copies what may be kept of a driver's error, with other words in place of its message.
 *
 * - `words` are the message without what must not be repeated: values, commands, the names of users.
 * - The stack keeps its calls only: it begins with the message.
 */
export function causeWith(words: string, error: unknown): Error & { code?: string | number } {
  const cause = safeError(error);
  cause.message = cleanText(words, MAX_WORDS);
  const calls = (cause.stack ?? "").split("\n").filter((line) => /^\s+at /.test(line));
  cause.stack = [`${cause.name}: ${cause.message}`, ...calls].join("\n");
  return cause;
}

/**
 * Returns the first of the errors that Node joins into one, whose own message is empty: one for each address of a host.
 */
export function firstOf(error: unknown): unknown {
  return error instanceof AggregateError ? (error.errors[0] as unknown) : error;
}

/** Returns the message of an error, or of the first of several. */
export function wordsOf(error: unknown): string {
  const first = firstOf(error);
  return first instanceof Error ? first.message : String(first);
}

/** Returns the code of an error that is a text, such as `ECONNRESET`; else "". */
export function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === "string" ? code : "";
}

/** Returns whether a code of Node's means that a connection broke or could not be made. */
export function isSocketCode(code: string): boolean {
  return SOCKET_CODES.test(code);
}

/** Returns whether a code of Node's means that a connection could not be made secure. */
export function isTlsCode(code: string): boolean {
  return TLS_CODES.test(code);
}
