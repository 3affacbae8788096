/** All codes that a Waymark error can have. `docs/errors.md` has a heading per code that explains what to do. */
export const ERROR_CODES = [
  // A wrong call
  /** An argument is missing, malformed or out of range. */
  "INVALID_ARGUMENT",
  /** The initial data does not fit the workflow's input schema. */
  "INPUT_INVALID",

  // The workflow's definition
  /** No workflow has this id. */
  "WORKFLOW_NOT_FOUND",
  /** The function that looks up workflows or executors threw an error of its own. */
  "LOOKUP_FAILED",
  /** The definition that an execution began with is no longer in the store, and the engine does not have it either. */
  "DEFINITION_NOT_FOUND",
  /** A node that has run is gone from the engine's own definition, or has another type in it. */
  "DEFINITION_INCOMPATIBLE",
  /** The definition does not have the shape of a workflow. */
  "WORKFLOW_INVALID",
  /** The definition has no nodes. */
  "WORKFLOW_EMPTY",
  /** No node is left to start at. */
  "WORKFLOW_NO_START",
  /** A loop has several entries, or is nested too deep. */
  "WORKFLOW_LOOP_INVALID",
  /** A workflow starts itself as a sub-workflow, directly or through others. */
  "WORKFLOW_CONTAINS_ITSELF",
  /** Two nodes share an id. */
  "DUPLICATE_NODE_ID",
  /** An edge names a node that does not exist. */
  "UNKNOWN_EDGE_NODE",
  /** An edge leaves an output that its node's type does not declare. */
  "UNKNOWN_EDGE_HANDLE",
  /** A node's type has no executor. */
  "UNKNOWN_NODE_TYPE",
  /** A node's data does not fit the schema of its type. */
  "NODE_DATA_INVALID",
  /** The workflow or the call needs what the old executor never could do. */
  "V1_UNSUPPORTED",

  // The end of a run
  /** A node's executor threw. */
  "NODE_FAILED",
  /** A node's executor returned a value that is not a valid result. */
  "NODE_RESULT_INVALID",
  /** The execution has run as many nodes as it may. */
  "NODE_RUN_LIMIT",
  /** An execution that the node has started has failed or was cancelled. */
  "CHILD_FAILED",
  /** The execution is inside too many others to start one itself. */
  "NESTING_LIMIT",
  /** A node took longer than its timeout. */
  "NODE_TIMEOUT",
  /** The run took longer than its timeout. */
  "EXECUTION_TIMEOUT",
  /** The process died while a node ran whose retry policy has `onCrash: "fail"`. */
  "NODE_CRASHED",
  /** The processes that ran the execution died too often without a checkpoint in between. */
  "RECOVERY_LIMIT",
  /** The execution was cancelled. */
  "EXECUTION_CANCELLED",
  /** A node wrote to its read-only context. */
  "CONTEXT_CONFLICT",
  "CONTEXT_READ_ONLY",
  /** The old executor had not finished the execution when it was imported. */
  "IMPORTED",
  /** The import of the execution was cut off. */
  "IMPORT_INCOMPLETE",

  // The state and its text
  /** The context holds a value that a checkpoint cannot keep. */
  "STATE_NOT_SERIALIZABLE",
  /** A state that was opened for reading cannot be changed. */
  "STATE_READ_ONLY",
  /** A stored value cannot be read. */
  "STATE_CORRUPT",
  /** A stored value is of a type that this engine's codec does not know. */
  "STATE_TYPE_UNKNOWN",
  /** The stored state was written by a newer version of Waymark. */
  "STATE_VERSION_UNSUPPORTED",

  // The store
  /** No execution has this id. */
  "EXECUTION_NOT_FOUND",
  /** An execution with this id exists. */
  "EXECUTION_ALREADY_EXISTS",
  /** An answer was given to an execution or a node that does not wait for one. */
  "NOT_WAITING",
  /** The execution's status does not allow the operation. */
  "INVALID_STATUS",
  /** Another writer has changed the execution. */
  "VERSION_CONFLICT",
  /** Another owner is running the execution. */
  "LEASE_HELD",
  /** Another owner has taken the execution over. */
  "LEASE_LOST",
  /** The payload is larger than the store's limit. */
  "PAYLOAD_TOO_LARGE",
  /** The store cannot be reached, or did not answer in time. */
  "STORE_UNAVAILABLE",
  /** The store has been closed. */
  "STORE_CLOSED",
] as const;

/** The stable, machine-readable code of an error. */
export type ErrorCode = (typeof ERROR_CODES)[number];

/**
 * The further values of a {@link WorkflowError}, besides its code and message.
 *
 * @see https://github.com/waymark-dev/waymark/blob/main/docs/errors.md
 */
export interface WorkflowErrorOptions {
  /** Facts about the error, for programs: ids, limits, paths. JSON values only. */
  details?: Readonly<Record<string, unknown>> | undefined;
  /** The id of the execution that the error is about, if there is one. */
  executionId?: string | undefined;
  /** The value that was thrown originally. */
  cause?: unknown;
}

const BRAND = Symbol.for("waymark.WorkflowError");
const NON_RETRYABLE = Symbol.for("waymark.NonRetryableError");
const RETRY_AFTER = Symbol.for("waymark.RetryAfterError");

/**
 * The error class of Waymark. Distinguish kinds of errors by `code`.
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
 * Returns whether a thrown value is a {@link WorkflowError}, and has the given code if there is one.
 *
 * - Works across copies of the package and across realms, unlike `instanceof`. The error may therefore have a code that
 *   only another version of the package knows.
 */
export function isWorkflowError(error: unknown, code?: ErrorCode): error is WorkflowError {
  if (!isBranded(error, BRAND)) return false;
  const own = readProperty(error, "code");
  const details = readProperty(error, "details");
  if (typeof own !== "string" || !CODE.test(own) || typeof details !== "object" || details === null) return false;
  return typeof readProperty(error, "message") === "string" && (code === undefined || own === code);
}

/** Returns true if a call has failed because the store cannot be reached, or was closed. */
export function isStoreAway(error: unknown): boolean {
  return isWorkflowError(error, "STORE_UNAVAILABLE") || isWorkflowError(error, "STORE_CLOSED");
}

const CODE = /^[A-Z][A-Z0-9_]{0,63}$/;

/**
 * An error for executors to throw if the node must not be tried again, whatever its retry policy. A resume by hand runs
 * the node again.
 */
export class NonRetryableError extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = "NonRetryableError";
    Object.defineProperty(this, NON_RETRYABLE, { value: true });
  }
}

/** Returns whether a thrown value is a {@link NonRetryableError}, of any copy of the package. */
export function isNonRetryableError(error: unknown): error is NonRetryableError {
  return isBranded(error, NON_RETRYABLE);
}

/**
 * An error for executors to throw if the node must wait at least `retryAfterMs` before its next attempt (for example,
 * the Retry-After of a 429 response).
 *
 * - `retryAfterMs` replaces the backoff of the node's retry policy. The number of attempts does not change.
 */
export class RetryAfterError extends Error {
  /** Milliseconds, zero or more; more than a day counts as a day. NaN: the backoff of the retry policy stays. */
  readonly retryAfterMs: number;

  constructor(message: string, options: { retryAfterMs: number; cause?: unknown }) {
    // A caller without types may leave them out. Nothing here may hide the failure that is to be thrown.
    const { retryAfterMs, cause } = (options ?? {}) as Partial<typeof options>;
    super(message, cause === undefined ? undefined : { cause });
    this.name = "RetryAfterError";
    // Of a header that could not be read, say. Zero would use up all attempts at once.
    this.retryAfterMs = typeof retryAfterMs === "number" ? Math.max(0, retryAfterMs) : Number.NaN;
    Object.defineProperty(this, RETRY_AFTER, { value: true });
  }
}

/** Returns whether a thrown value is a {@link RetryAfterError}, of any copy of the package. */
export function isRetryAfterError(error: unknown): error is RetryAfterError {
  return isBranded(error, RETRY_AFTER);
}

/**
 * Returns the message of any thrown value, even if reading the value throws.
 *
 * - An object without a message is described by its class. Its other properties are not put into the message.
 */
export function messageOf(error: unknown): string {
  if (typeof error === "string") return error;
  if ((typeof error !== "object" && typeof error !== "function") || error === null) return String(error);
  const message = readProperty(error, "message");
  if (typeof message === "string" && message !== "") return message;
  const name = readProperty(error, "name");
  if (typeof message === "string" && typeof name === "string" && name !== "") return name;
  if (typeof message === "number" || typeof message === "bigint") return String(message);
  const className = readProperty(readProperty(error, "constructor"), "name");
  return typeof className === "string" && className !== ""
    ? `Something without a message was thrown: an instance of ${className.slice(0, 100)}.`
    : "Something without a message was thrown.";
}

/** Reads a property of any value. Returns `undefined` if there is no such property, or if reading it throws. */
export function readProperty(value: unknown, key: PropertyKey): unknown {
  try {
    return (typeof value === "object" && value !== null) || typeof value === "function"
      ? (value as Record<PropertyKey, unknown>)[key as string]
      : undefined;
  } catch {
    return undefined;
  }
}

function isBranded(error: unknown, brand: symbol): boolean {
  return readProperty(error, brand) === true;
}
