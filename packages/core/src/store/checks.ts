import { WorkflowError } from "../errors.ts";
import { MAX_ID_BYTES, MAX_NAME_BYTES } from "../limits.ts";
import { safeError } from "../safe-error.ts";
import { MAX_TIME_MS } from "../time.ts";
import { KINDS, STATUSES } from "./status.ts";

/*
 * Checks of single values: type, range, and size in bytes. Each check throws if the value is not of the kind in the
 * check's name. `name` is the value's path, for the message.
 */

/** The largest failure that a store takes, in bytes of its JSON text. */
export const MAX_FAILURE_BYTES = 1_048_576;
/** The longest lease, and the longest wait, in milliseconds: a hundred years. */
export const MAX_LEASE_MS = 36_500 * 24 * 3_600_000;
/** The deepest nesting of the values in a failure. */
const MAX_FAILURE_DEPTH = 100;
/** The most values in a failure. */
const MAX_FAILURE_VALUES = 10_000;

/** The errors that are made here. Any other error during a check was thrown by an argument: by a getter or a proxy. */
const refusals = new WeakSet<object>();

/**
 * Makes the INVALID_ARGUMENT for an argument, an option for instance.
 *
 * @param problem What is wrong, as the end of a sentence without its full stop: "must be an object".
 * @param subject The beginning of that sentence. Default: the name of the argument.
 */
export function invalid(argument: string, problem: string, subject: string = argument): WorkflowError {
  return refusal(new WorkflowError("INVALID_ARGUMENT", `${subject} ${problem}.`, { details: { argument } }));
}

/** Returns the error for a value that is larger than the store's limit. @internal */
export function payloadTooLarge(what: string, bytes: number, maxPayloadBytes: number): WorkflowError {
  return refusal(
    new WorkflowError(
      "PAYLOAD_TOO_LARGE",
      `${what} has ${bytes} bytes; this store takes at most ${maxPayloadBytes}. Keep large values elsewhere, and a reference to them in the context.`,
      { details: { bytes, maxPayloadBytes } },
    ),
  );
}

/** Returns the error to throw for a value that was thrown while arguments were checked. */
export function refusalFor(thrown: unknown): WorkflowError {
  if (typeof thrown === "object" && thrown !== null && refusals.has(thrown)) return thrown as WorkflowError;
  return new WorkflowError(
    "INVALID_ARGUMENT",
    "An argument cannot be read: a getter or a proxy threw the error in `cause`.",
    { cause: safeError(thrown) },
  );
}

/**
 * Checks an id: 1 to 512 bytes of well-formed Unicode without U+0000.
 *
 * @throws {WorkflowError} INVALID_ARGUMENT
 */
export function checkId(value: unknown, name: string): asserts value is string {
  if (value === "") throw invalid(name, "must not be empty");
  checkText(value, name, MAX_ID_BYTES);
}

/** Checks the id of a node. It may be empty: saves and initial snapshots have no node. */
export function checkNodeId(value: unknown, name: string): void {
  checkText(value, name, MAX_ID_BYTES);
}

/** Checks the name of a node. It may be empty. */
export function checkName(value: unknown, name: string): void {
  checkText(value, name, MAX_NAME_BYTES);
}

/**
 * Checks a payload: a text that a store keeps byte for byte.
 *
 * @throws {WorkflowError} INVALID_ARGUMENT, PAYLOAD_TOO_LARGE
 */
export function checkPayload(value: unknown, name: string, maxPayloadBytes: number): void {
  checkText(value, name, Number.POSITIVE_INFINITY);
  if (value.length * 3 <= maxPayloadBytes) return;
  const bytes = utf8Bytes(value);
  if (bytes > maxPayloadBytes) throw payloadTooLarge(name, bytes, maxPayloadBytes);
}

/** Checks a whole number, zero or more, that a JavaScript number holds exactly. */
export function checkCount(value: unknown, name: string): asserts value is number {
  if (!Number.isSafeInteger(value) || (value as number) < 0) {
    throw invalid(name, `must be a whole number, zero or more; got ${describe(value)}`);
  }
}

/** Checks a time, in whole milliseconds since the epoch, that a `Date` can hold. */
export function checkTime(value: unknown, name: string): asserts value is number {
  checkCount(value, name);
  if (value > MAX_TIME_MS)
    throw invalid(name, `must be a time that a Date can hold (at most ${MAX_TIME_MS}); got ${value}`);
}

/** Checks a span of time before or after now, such as a lease or a wait, in whole milliseconds. */
export function checkSpan(value: unknown, name: string): void {
  checkCount(value, name);
  if (value > MAX_LEASE_MS)
    throw invalid(name, `must be at most ${MAX_LEASE_MS} milliseconds (a hundred years); got ${value}`);
}

/** Checks a duration in milliseconds, which may have fractions. */
export function checkDuration(value: unknown, name: string): void {
  if (!(typeof value === "number" && value >= 0 && value <= Number.MAX_SAFE_INTEGER)) {
    throw invalid(name, "must be a number of milliseconds, zero or more");
  }
}

export function checkStatus(value: unknown, name: string): void {
  if (!STATUSES.has(value)) throw invalid(name, `must be one of ${[...STATUSES].join(", ")}`);
}

export function checkKind(value: unknown, name: string): void {
  if (!KINDS.has(value)) throw invalid(name, `must be one of ${[...KINDS].join(", ")}`);
}

export function checkOrder(value: unknown, name: string): void {
  if (value !== "asc" && value !== "desc") throw invalid(name, 'must be "asc" or "desc"');
}

export function checkFlag(value: unknown, name: string): void {
  if (typeof value !== "boolean") throw invalid(name, "must be a boolean");
}

/** Checks a list of statuses. */
export function checkStatuses(value: unknown, name: string): void {
  if (!Array.isArray(value)) throw invalid(name, "must be an array of statuses");
  for (let at = 0; at < value.length; at++) checkStatus(value[at], name);
}

/** Checks that a value is an object and no array. @throws {WorkflowError} INVALID_ARGUMENT */
export function checkObject(value: unknown, name: string): asserts value is Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw invalid(name, "must be an object");
}

/**
 * Checks a failure: a code, a message, and otherwise plain JSON values, which a store may keep as JSON text.
 *
 * - Its texts may hold any characters: nodes can throw anything, and JSON escapes it.
 */
export function checkFailure(value: unknown, name: string): void {
  checkObject(value, name);
  if (typeof value.code !== "string") throw invalid(`${name}.code`, "must be a string");
  if (typeof value.message !== "string") throw invalid(`${name}.message`, "must be a string");
  if (!isPlainJson(value)) throw invalid(name, "must hold plain JSON values only");
  if (utf8Bytes(JSON.stringify(value)) > MAX_FAILURE_BYTES) {
    throw invalid(name, `must be at most ${MAX_FAILURE_BYTES} bytes as JSON`);
  }
}

/** Returns whether a value survives as JSON text. A property that is `undefined` counts as absent. */
function isPlainJson(value: unknown): boolean {
  // Limits the work: a value that occurs in many places is visited in each of them.
  let left = MAX_FAILURE_VALUES;
  const isPlain = (one: unknown, depth: number): boolean => {
    if (one === null || typeof one === "string" || typeof one === "boolean") return true;
    if (typeof one === "number") return Number.isFinite(one);
    if (typeof one !== "object" || depth === 0 || Object.hasOwn(one, "toJSON")) return false;
    const isArray = Array.isArray(one);
    if (!isArray && !isPlainPrototype(Object.getPrototypeOf(one))) return false;
    const items: unknown[] = isArray ? [...one] : Object.values(one).filter((item) => item !== undefined);
    left -= items.length;
    return left >= 0 && items.every((item) => isPlain(item, depth - 1));
  };
  return isPlain(value, MAX_FAILURE_DEPTH);
}

/** Accepts `Object.prototype` of any realm: a test runner may have made the object in another one. */
export function isPlainPrototype(prototype: unknown): boolean {
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function checkText(value: unknown, name: string, maxBytes: number): asserts value is string {
  if (typeof value !== "string") throw invalid(name, `must be a string; got ${describe(value)}`);
  if (!value.isWellFormed() || value.includes("\0")) {
    throw invalid(name, "must be well-formed Unicode without U+0000");
  }
  // A UTF-16 code unit is at most three bytes of UTF-8, so most texts need no counting.
  if (value.length * 3 > maxBytes && utf8Bytes(value) > maxBytes) {
    throw invalid(name, `must be at most ${maxBytes} bytes of UTF-8`);
  }
}

function describe(value: unknown): string {
  return typeof value === "number" ? String(value) : value === null ? "null" : typeof value;
}

function utf8Bytes(value: string): number {
  return Buffer.byteLength(value, "utf8");
}

function refusal(error: WorkflowError): WorkflowError {
  refusals.add(error);
  return error;
}
