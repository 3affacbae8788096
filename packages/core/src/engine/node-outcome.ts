import { isWorkflowError, messageOf, WorkflowError } from "../errors.ts";
import { isPlain } from "../state/codec.ts";
import { describeFailure } from "../state/failure.ts";
import type { Journal } from "../state/journal.ts";
import type { FailureRecord } from "../store/checkpoint-store.ts";
import { type Patch, type Routed, resultKind, type Suspended, type WorkflowContext } from "./node-executor.ts";

/** What an executor's result asks for. */
export type NodeOutcome =
  | { kind: "next"; context?: WorkflowContext; changes?: WorkflowContext; handles?: readonly string[] }
  | { kind: "suspended"; wakeAt: number | undefined };

/**
 * Tells what an executor has returned.
 *
 * @throws {WorkflowError} NODE_RESULT_INVALID
 */
export function readResult(result: unknown, nodeId: string): NodeOutcome {
  switch (resultKind(result)) {
    case "suspended":
      return { kind: "suspended", wakeAt: (result as Suspended).wakeAt };
    case "routed": {
      const { result: inner, handles } = result as Routed;
      const outcome = readResult(inner, nodeId);
      if (outcome.kind === "next" && outcome.handles === undefined) return { ...outcome, handles };
      throw invalidResult(nodeId, "route() around another route() or a suspend()");
    }
    case "patch":
      if (isContext((result as Patch).changes)) return { kind: "next", changes: (result as Patch).changes };
      throw invalidResult(nodeId, `patch() of ${nameOf((result as Patch).changes)}`);
  }
  if (isContext(result)) return { kind: "next", context: result };
  throw invalidResult(nodeId, nameOf(result));
}

/** Puts an outcome's context into the state, unsaved. @throws {WorkflowError} STATE_NOT_SERIALIZABLE */
export function takeOver(journal: Journal, outcome: NodeOutcome): void {
  if (outcome.kind !== "next") return;
  if (outcome.context !== undefined) journal.replaceContext(outcome.context);
  else if (outcome.changes !== undefined) journal.patchContext(outcome.changes);
}

/** The record of a node's failure. */
export function nodeFailure(
  node: { nodeId: string; nodeName: string; attempts: number },
  thrown: unknown,
): FailureRecord {
  if (isContextWrite(thrown)) {
    const message = `Node "${node.nodeId}" wrote to the context it was given, which is read-only (${messageOf(thrown)}). Return a new one: { ...context, key: value }.`;
    return describeFailure(thrown, { ...node, code: "CONTEXT_READ_ONLY", message });
  }
  if (isWorkflowError(thrown, "STATE_NOT_SERIALIZABLE")) {
    return describeFailure(thrown, { ...node, message: `Node "${node.nodeId}": ${thrown.message}` });
  }
  return describeFailure(thrown, node);
}

/** V8's words for a write to a frozen object in strict code. */
const FROZEN_WRITE =
  /^(Cannot assign to read only property|Cannot add property .*, object is not extensible|Cannot delete property|Cannot define property .*, object is not extensible)/;

/** Tells whether something was thrown because a frozen object was written to. */
function isContextWrite(thrown: unknown): boolean {
  return Object.prototype.toString.call(thrown) === "[object Error]" && FROZEN_WRITE.test(messageOf(thrown));
}

function isContext(value: unknown): value is WorkflowContext {
  return typeof value === "object" && value !== null && isPlain(value);
}

function invalidResult(nodeId: string, what: string): WorkflowError {
  return new WorkflowError(
    "NODE_RESULT_INVALID",
    `Node "${nodeId}" returned ${what}; an executor returns the next context, a plain object, or patch(), route() or suspend().`,
    { details: { nodeId } },
  );
}

function nameOf(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  return typeof value === "object"
    ? `an instance of ${value.constructor?.name ?? "an unknown class"}`
    : `a ${typeof value}`;
}
