import { type ErrorCode, isWorkflowError, messageOf, readProperty } from "../errors.ts";
import type { ErrorRecord, FailureRecord } from "../store/checkpoint-store.ts";
import { cleanText } from "../text.ts";

/** The longest message and the longest stack of a failure, in characters. */
const MAX_TEXT = 8_192;
/** The same for its causes and the errors of an AggregateError. */
const MAX_INNER_TEXT = 1_024;
/** The longest name, code or status, in characters. */
const MAX_LABEL = 200;
/** The longest chain of causes. */
const MAX_DEPTH = 8;
/** The most errors of one AggregateError. */
const MAX_ERRORS = 10;
/** The most causes and errors of one failure, altogether. */
const MAX_INNER = 20;
/** The beginning of a stack that is kept before its first line of code, in characters: it repeats the message. */
const MAX_STACK_HEAD = 500;

/** Facts about a failure that the thrown value does not tell. */
export interface FailureFacts {
  /**
   * What the engine has found out. Default: NODE_FAILED, also for a thrown WorkflowError: what a node or a caller throws
   * says nothing about this execution. The error's own code is kept beside it, as `errorCode`.
   */
  code?: ErrorCode;
  /** Stands in place of the error's own message. */
  message?: string;
  nodeId?: string;
  nodeName?: string;
  attempts?: number;
}

/**
 * Turns whatever was thrown into a record that every store can keep: the one place that does.
 *
 * - Keeps name, message, stack, code, status, the chain of causes, and the errors of an AggregateError or a
 *   SuppressedError (the one thrown at the end of a block, and the one that it hid). Nothing else of an error, and nothing
 *   of an object without a message, since drivers and clients hang requests and rows on them.
 * - Messages and stacks are cut to 8,192 characters, those of causes and inner errors to 1,024; at most 8 causes in a
 *   chain, 10 errors of an AggregateError, and 20 of both altogether. So a record is at most 256 KiB of JSON.
 * - User and password are cut out of addresses, control characters escaped.
 * - Never throws.
 */
export function describeFailure(error: unknown, facts: FailureFacts = {}): FailureRecord {
  const { code = "NODE_FAILED", message = messageOf(error), nodeId, nodeName, attempts } = facts;
  const own = new ErrorReader().read(error);
  const record: FailureRecord = { code, message: keptText(message, MAX_TEXT) };
  if (nodeId !== undefined) record.nodeId = nodeId;
  if (nodeName !== undefined) record.nodeName = nodeName;
  if (attempts !== undefined) record.attempts = attempts;
  const { message: _message, code: errorCode, ...others } = own;
  Object.assign(record, others);
  if (errorCode !== undefined && !(isWorkflowError(error) && errorCode === code)) record.errorCode = errorCode;
  return record;
}

/** Reads one thrown value, with what is inside it. */
class ErrorReader {
  /** What has been read already: errors can contain themselves. */
  readonly #seen = new Set<unknown>();
  #left = MAX_INNER;

  read(error: unknown): ErrorRecord {
    return this.#read(error, MAX_TEXT, 0);
  }

  #read(error: unknown, maxText: number, depth: number): ErrorRecord {
    const record: ErrorRecord = { message: keptText(messageOf(error), maxText) };
    if ((typeof error !== "object" && typeof error !== "function") || error === null) return record;
    this.#seen.add(error);
    const name = labelOf(readProperty(error, "name"));
    if (typeof name === "string" && typeof error === "object") record.name = name;
    const code = labelOf(readProperty(error, "code"));
    if (code !== undefined) record.code = code;
    const status = statusOf(error);
    if (status !== undefined) record.status = status;
    const stack = readProperty(error, "stack");
    if (typeof stack === "string") record.stack = keptText(shortStack(stack), maxText);
    const cause = this.#readInner(readProperty(error, "cause"), depth);
    if (cause !== undefined) record.cause = cause;
    const errors = this.#readErrors(errorsOf(error, name), depth);
    if (errors.length > 0) record.errors = errors;
    return record;
  }

  #readInner(error: unknown, depth: number): ErrorRecord | undefined {
    if (error === undefined || error === null || depth === MAX_DEPTH || this.#left === 0 || this.#seen.has(error)) {
      return undefined;
    }
    this.#left--;
    return this.#read(error, MAX_INNER_TEXT, depth + 1);
  }

  #readErrors(errors: unknown, depth: number): ErrorRecord[] {
    const records: ErrorRecord[] = [];
    if (!isList(errors)) return records;
    for (let i = 0; i < MAX_ERRORS; i++) {
      const record = this.#readInner(readProperty(errors, i), depth);
      if (record !== undefined) records.push(record);
    }
    return records;
  }
}

/** The errors inside an error. A SuppressedError, which `using` throws, has two. */
function errorsOf(error: object, name: unknown): unknown {
  if (name !== "SuppressedError") return readProperty(error, "errors");
  return [readProperty(error, "error"), readProperty(error, "suppressed")];
}

/** The status of an HTTP answer, or of gRPC, wherever the usual clients put it. */
function statusOf(error: object): string | number | undefined {
  return (
    labelOf(readProperty(error, "status")) ??
    labelOf(readProperty(error, "statusCode")) ??
    labelOf(readProperty(readProperty(error, "response"), "status")) ??
    labelOf(readProperty(readProperty(error, "$metadata"), "httpStatusCode"))
  );
}

function labelOf(value: unknown): string | number | undefined {
  // JSON has no -0: with + 0 it is 0 at once.
  if (typeof value === "number") return Number.isFinite(value) ? value + 0 : undefined;
  return typeof value === "string" && value !== "" ? keptText(value, MAX_LABEL) : undefined;
}

/** A text fit to be kept. Escapes make it longer: at most twice as long. */
function keptText(text: string, maxLength: number): string {
  const cleaned = cleanText(text.slice(0, 2 * MAX_TEXT).replaceAll("\0", "\uFFFD"), maxLength);
  return cleaned.length <= 2 * maxLength ? cleaned : cleaned.slice(0, 2 * maxLength).toWellFormed();
}

/** A stack whose lines of code are not pushed out by a long message before them. */
function shortStack(stack: string): string {
  const code = stack.indexOf("\n    at ");
  return code > MAX_STACK_HEAD ? `${stack.slice(0, MAX_STACK_HEAD)}…${stack.slice(code)}` : stack;
}

function isList(value: unknown): value is readonly unknown[] {
  try {
    return Array.isArray(value);
  } catch {
    return false; // a revoked proxy
  }
}
