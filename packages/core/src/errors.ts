/**
 * Every code a Waymark error can carry, with what it means in one line.
 *
 * `docs/errors.md` has a heading per code that says what to do about it.
 */
export const ERROR_CODES = {
  // A wrong call
  INVALID_ARGUMENT: "An argument is missing, malformed or out of range.",
  INPUT_INVALID: "The initial data does not fit the workflow's input schema.",

  // The workflow's definition
  WORKFLOW_NOT_FOUND: "No workflow is known by this id.",
  WORKFLOW_INVALID: "The definition does not have the shape of a workflow.",
  WORKFLOW_EMPTY: "The definition has no nodes.",
  WORKFLOW_CYCLE: "The edges form a loop.",
  DUPLICATE_NODE_ID: "Two nodes share an id.",
  UNKNOWN_EDGE_NODE: "An edge names a node that does not exist.",
  UNKNOWN_NODE_TYPE: "A node's type has no executor.",
  NODE_DATA_INVALID: "A node's data does not fit the schema of its type.",

  // How a run ended
  NODE_FAILED: "A node's executor threw.",
  NODE_RESULT_INVALID: "A node's executor returned something that is not a context.",
  NODE_TIMEOUT: "A node took longer than its timeout.",
  EXECUTION_TIMEOUT: "The run took longer than its timeout.",
  CONTEXT_READ_ONLY: "A node wrote to the context it was given.",

  // The state and its text
  STATE_NOT_SERIALIZABLE: "The context holds a value that a checkpoint cannot keep.",
  STATE_READ_ONLY: "A state that was opened for reading cannot be changed.",
  STATE_CORRUPT: "A stored payload cannot be read back.",
  STATE_TYPE_UNKNOWN: "A stored value is of a type that this engine's codec does not know.",
  STATE_VERSION_UNSUPPORTED: "The stored state was written by a newer version of Waymark.",

  // The store
  EXECUTION_NOT_FOUND: "No execution has this id.",
  EXECUTION_ALREADY_EXISTS: "An execution with this id exists.",
  INVALID_STATUS: "The execution's status does not allow this.",
  VERSION_CONFLICT: "Another writer has changed the execution.",
  LEASE_HELD: "Another owner is running the execution.",
  LEASE_LOST: "Another owner has taken the execution over.",
  PAYLOAD_TOO_LARGE: "The payload is larger than the store can keep.",
  STORE_UNAVAILABLE: "The store cannot be reached, or did not answer in time.",
  STORE_CLOSED: "The store was closed.",
} as const;

/** The stable, machine-readable name of what went wrong. */
export type ErrorCode = keyof typeof ERROR_CODES;

/** What a {@link WorkflowError} is made from, beside its code and message. */
export interface WorkflowErrorOptions {
  /** Facts about the failure, for programs: ids, limits, paths. JSON values only. */
  details?: Readonly<Record<string, unknown>> | undefined;
  /** The execution concerned, where there is one: what to resume or to look at. */
  executionId?: string | undefined;
  /** What was thrown underneath. */
  cause?: unknown;
}

const BRAND = Symbol.for("waymark.WorkflowError");
const NON_RETRYABLE = Symbol.for("waymark.NonRetryableError");
const RETRY_AFTER = Symbol.for("waymark.RetryAfterError");

/**
 * The one error class of Waymark; tell kinds apart by `code`.
 *
 * @example
 * ```ts
 * try {
 *   await executeWorkflow({ workflowId: "orders", userId: "u1", throwOnFailure: true });
 * } catch (error) {
 *   if (isWorkflowError(error, "NODE_FAILED")) console.error(error.executionId, error.message);
 * }
 * ```
 */
export class WorkflowError extends Error {
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, unknown>>;
  readonly executionId?: string;

  constructor(code: ErrorCode, message: string, options: WorkflowErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "WorkflowError";
    this.code = code;
    this.details = options.details ?? {};
    if (options.executionId !== undefined) this.executionId = options.executionId;
    Object.defineProperty(this, BRAND, { value: true });
  }
}

/**
 * Tells whether a thrown value is a {@link WorkflowError}, and of one code if given.
 *
 * - Works across copies of the package and across realms, where `instanceof` does not.
 */
export function isWorkflowError(error: unknown, code?: ErrorCode): error is WorkflowError {
  return isBranded(error, BRAND) && (code === undefined || (error as WorkflowError).code === code);
}

/**
 * For executors to throw: this node must not be tried again in this run, whatever its retry policy.
 */
export class NonRetryableError extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = "NonRetryableError";
    Object.defineProperty(this, NON_RETRYABLE, { value: true });
  }
}

/** Tells whether a thrown value is a {@link NonRetryableError}, of any copy of the package. */
export function isNonRetryableError(error: unknown): error is NonRetryableError {
  return isBranded(error, NON_RETRYABLE);
}

/**
 * For executors to throw: try again, but not sooner than `retryAfterMs` from now (a 429's Retry-After).
 *
 * - It replaces the backoff of the node's retry policy; the number of attempts stays as it is.
 */
export class RetryAfterError extends Error {
  /** Milliseconds, zero or more. */
  readonly retryAfterMs: number;

  constructor(message: string, options: { retryAfterMs: number; cause?: unknown }) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "RetryAfterError";
    this.retryAfterMs = Math.max(0, Number.isFinite(options.retryAfterMs) ? options.retryAfterMs : 0);
    Object.defineProperty(this, RETRY_AFTER, { value: true });
  }
}

/** Tells whether a thrown value is a {@link RetryAfterError}, of any copy of the package. */
export function isRetryAfterError(error: unknown): error is RetryAfterError {
  return isBranded(error, RETRY_AFTER);
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  if (isErrorLike(error)) return error.message === "" ? (error.name ?? "Error") : error.message;
  if (typeof error === "string") return error;
  try {
    const json = JSON.stringify(error);
    return json === undefined ? String(error) : json;
  } catch {
    return Object.prototype.toString.call(error);
  }
}

/** Tells whatever has a message, as an Error does, of any realm. */
export function isErrorLike(
  error: unknown,
): error is { name?: string; message: string; stack?: unknown; cause?: unknown } {
  return typeof error === "object" && error !== null && typeof (error as { message?: unknown }).message === "string";
}

function isBranded(error: unknown, brand: symbol): boolean {
  return typeof error === "object" && error !== null && (error as Record<symbol, unknown>)[brand] === true;
}
