import { type ErrorCode, isWorkflowError, messageOf } from "../errors.ts";
import { describeFailure } from "../state/failure.ts";
import { isArray, isPlain } from "../state/live-values.ts";
import type { FailureRecord } from "../store/checkpoint-store.ts";
import { quoted } from "../text.ts";
import { ThrownByNode } from "./call-executor.ts";

/** A failed attempt, classified: the engine's own code for it decides what happens next. */
export interface NodeFailure {
  record: FailureRecord;
  /** What was thrown, for the caller. */
  thrown: unknown;
}

/** What is known of the attempt that failed. */
export interface FailedAttempt {
  nodeId: string;
  nodeName: string;
  attempts: number;
  /** The context, if the executor was handed it read-only. */
  readOnlyContext?: unknown;
}

/**
 * Turns whatever ended an attempt into the failure that is kept: what the executor threw, what the engine found out
 * about its result, and what the store refused.
 *
 * - Never throws. A code of the engine's stands only for what the engine has found out itself: an executor that throws
 *   another engine's error has failed, and nothing more.
 */
export function nodeFailure(attempt: FailedAttempt, error: unknown): NodeFailure {
  const { readOnlyContext, ...node } = attempt;
  if (!(error instanceof ThrownByNode)) {
    const code: ErrorCode = isWorkflowError(error) ? error.code : "NODE_FAILED";
    const prefix = code === "STATE_NOT_SERIALIZABLE" ? `Node ${quoted(node.nodeId)}: ` : "";
    return {
      record: describeFailure(error, { ...node, code, message: `${prefix}${messageOf(error)}` }),
      thrown: error,
    };
  }
  const thrown = error.value;
  if (isContextWrite(thrown, readOnlyContext)) {
    const message = `Node ${quoted(node.nodeId)} wrote to the context it was given, which is read-only (${messageOf(thrown)}). Return a new one: { ...context, key: value }.`;
    return { record: describeFailure(thrown, { ...node, code: "CONTEXT_READ_ONLY", message }), thrown };
  }
  return { record: describeFailure(thrown, { ...node, code: "NODE_FAILED" }), thrown };
}

/** V8's words for a write to a frozen object in strict code, with the key. */
const WRITES = [
  /^Cannot assign to read only property '(?<key>.*)' of object/s,
  /^Cannot delete property '(?<key>.*)' of /s,
  /^Cannot redefine property: (?<key>.*)$/s,
];
const ADDITIONS = [
  /^Cannot add property (?<key>.*), object is not extensible$/s,
  /^Cannot define property (?<key>.*), object is not extensible$/s,
];

/**
 * Tells whether something was thrown because the context was written to.
 *
 * - V8 names the key and not the object. So the context must hold an object or array to which this could have happened:
 *   one with that key, or, for an addition, one without it. Another frozen object of the node's own is told apart unless
 *   the same write to the context would have failed in the same words.
 */
function isContextWrite(thrown: unknown, context: unknown): boolean {
  try {
    if (Object.prototype.toString.call(thrown) !== "[object Error]" || (thrown as Error).name !== "TypeError") {
      return false;
    }
    const { message } = thrown as Error;
    const key = keyIn(WRITES, message);
    if (key !== undefined) return holds(context, (each) => Object.hasOwn(each, key));
    const added = keyIn(ADDITIONS, message);
    return added !== undefined && holds(context, (each) => canBeAddedTo(each, added));
  } catch {
    return false;
  }
}

function keyIn(patterns: readonly RegExp[], message: string): string | undefined {
  for (const pattern of patterns) {
    const key = pattern.exec(message)?.groups?.key;
    if (key !== undefined) return key;
  }
  return undefined;
}

/** Numbers are added to arrays: `push`. */
function canBeAddedTo(value: object, key: string): boolean {
  return /^\d+$/.test(key) ? isArray(value) && Number(key) >= value.length : !Object.hasOwn(value, key);
}

/** Tells whether a value, or a plain object or array in it, fits. */
function holds(value: unknown, fits: (value: object) => boolean): boolean {
  const left: unknown[] = [value];
  while (left.length > 0) {
    const each = left.pop();
    if (typeof each !== "object" || each === null || !(isArray(each) || isPlain(each))) continue;
    if (fits(each)) return true;
    for (const part of Object.values(each)) if (typeof part === "object") left.push(part);
  }
  return false;
}
