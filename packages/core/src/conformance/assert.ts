import { AssertionError } from "node:assert";
import { type ErrorCode, isWorkflowError, type WorkflowError } from "../errors.ts";

/*
 * Compares values by their contents and errors by their codes. `deepStrictEqual` and `instanceof` do not work here: a
 * test runner may load the suite, the store and the driver in different realms, each with its own `Object`.
 */

/** The error that a case throws if the store breaks a promise. Its message says what to do. */
export class ConformanceFailure extends AssertionError {
  constructor(message: string, options: { actual?: unknown; expected?: unknown; cause?: unknown } = {}) {
    super({ message, actual: options.actual, expected: options.expected, operator: "equal" });
    this.name = "ConformanceFailure";
    if (options.cause !== undefined) this.cause = options.cause;
  }
}

/** Is thrown if the harness could not open a store: no case can be tried. */
export class OpenFailure extends ConformanceFailure {}

/** Is thrown if a call has not ended in time. */
export class Late extends ConformanceFailure {}

/** Fails with `advice` unless the condition holds. */
export function ok(condition: boolean, advice: string): void {
  if (!condition) throw new ConformanceFailure(advice);
}

/**
 * Fails with `advice` and the first difference unless both values are equal. A key that is `undefined` counts as
 * absent.
 */
export function equal(actual: unknown, expected: unknown, advice: string): void {
  const difference = firstDifference(actual, expected, "");
  if (difference === undefined) return;
  const { path, actual: found, expected: wanted } = difference;
  const at = path === "" ? "" : ` at ${path}`;
  throw new ConformanceFailure(`${advice}\n  expected${at}: ${show(wanted)}\n  found${at}:    ${show(found)}`, {
    actual,
    expected,
  });
}

/** Fails with `advice` unless the call rejects with a `WorkflowError` of this code. Returns the error. */
export async function rejects(
  call: () => Promise<unknown>,
  code: ErrorCode | readonly ErrorCode[],
  advice: string,
): Promise<WorkflowError> {
  const codes = typeof code === "string" ? [code] : code;
  const result = await outcome(call);
  if (result.ok) throw new ConformanceFailure(`${advice}\n  expected: ${codes.join(" or ")}\n  found:    it resolved`);
  if (!codes.includes(result.code as ErrorCode)) {
    throw new ConformanceFailure(
      `${advice}\n  expected: ${codes.join(" or ")}\n  found:    ${showError(result.error)}`,
      {
        cause: result.error,
      },
    );
  }
  return result.error as WorkflowError;
}

/** The outcome of a call. `code` is `undefined` if the call rejected with something other than a `WorkflowError`. */
export type Outcome<T> = { ok: true; value: T } | { ok: false; code: ErrorCode | undefined; error: unknown };

/** Waits until a call resolves or rejects. A call that throws before it returns a promise fails the case. */
export async function outcome<T>(call: () => Promise<T>): Promise<Outcome<T>> {
  let promise: Promise<T>;
  try {
    promise = call();
  } catch (error) {
    throw new ConformanceFailure(
      `A method must return a promise that rejects, and never throw synchronously (make it \`async\`): ${showError(error)}`,
      { cause: error },
    );
  }
  try {
    return { ok: true, value: await promise };
  } catch (error) {
    return { ok: false, code: isWorkflowError(error) ? error.code : undefined, error };
  }
}

/** Describes an error that should have been another one: whether it is a `WorkflowError`, and {@link describeError}. */
export function showError(error: unknown): string {
  return isWorkflowError(error) ? describeError(error) : `not a WorkflowError: ${describeError(error)}`;
}

/** Describes an error: its code, if it has one, and its message. Of a foreign error also the place that threw it. */
export function describeError(error: unknown): string {
  if (isWorkflowError(error)) return `${error.code} (${error.message})`;
  if (typeof error !== "object" || error === null || !("message" in error)) return String(error);
  const { name, message, stack } = error as { name?: unknown; message: unknown; stack?: unknown };
  const frame = firstFrame(stack);
  return `${String(name)}: ${String(message)}${frame === undefined ? "" : `\n    ${frame}`}`;
}

/** Returns the first frame of a stack that is in the author's own files; else the first one outside of Node. */
function firstFrame(stack: unknown): string | undefined {
  const frames = typeof stack === "string" ? (stack.match(/^ +at .*$/gm) ?? []).map((frame) => frame.trim()) : [];
  const outside = frames.filter((frame) => !/\(?node:/.test(frame));
  return outside.find((frame) => !frame.includes("node_modules")) ?? outside[0] ?? frames[0];
}

interface Difference {
  path: string;
  actual: unknown;
  expected: unknown;
}

function firstDifference(actual: unknown, expected: unknown, path: string): Difference | undefined {
  if (Object.is(actual, expected)) return undefined;
  if (!isObject(actual) || !isObject(expected) || Array.isArray(actual) !== Array.isArray(expected)) {
    return { path, actual, expected };
  }
  if (Array.isArray(actual) && Array.isArray(expected) && actual.length !== expected.length) {
    return { path: `${path}.length`, actual: actual.length, expected: expected.length };
  }
  for (const key of new Set([...Object.keys(expected), ...Object.keys(actual)])) {
    if (key === "readAt" && key in actual && key in expected) continue;
    const step = Array.isArray(expected) ? `[${key}]` : `.${key}`;
    const difference = firstDifference(own(actual, key), own(expected, key), `${path}${step}`);
    if (difference !== undefined) return difference;
  }
  return undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function own(object: Record<string, unknown>, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

function show(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "bigint") return `${value}n`;
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 300 ? `${text.slice(0, 300)}… (${text.length} characters)` : text;
}
