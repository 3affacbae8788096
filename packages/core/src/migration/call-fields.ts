import type { ExecuteWorkflowOptions } from "../engine/run-options.ts";
import { readProperty } from "../errors.ts";
import type { Choice } from "./choose-executor.ts";
import { metadataOf } from "./fence.ts";
import type { V1Call } from "./v1-shape.ts";

/** The options of `executeWorkflow`. A table that lacks one does not compile. */
const KNOWN: Readonly<Record<keyof ExecuteWorkflowOptions<object>, true>> = {
  workflowId: true,
  userId: true,
  initialData: true,
  executionId: true,
  resumeFromExecutionId: true,
  ifExists: true,
  startAt: true,
  deadlineMs: true,
  metadata: true,
  timeoutMs: true,
  budgetMs: true,
  maxNodeRuns: true,
  nodeConcurrency: true,
  signal: true,
  onAbort: true,
  throwOnFailure: true,
};

type Fields = Partial<ExecuteWorkflowOptions<object>>;

/** The call of V2: what it knows of the fields, and what the rollout needs. */
export function callOfV2(
  call: V1Call,
  { executionId: named, reason }: Pick<Choice, "executionId" | "reason">,
  { executionId, creation }: { executionId: string; creation: string },
): ExecuteWorkflowOptions<object> {
  const { executionId: _own, ifExists, metadata, ...fields } = knownFields(call);
  // The execution is there already, with an id and metadata of its own.
  if (fields.resumeFromExecutionId !== undefined && reason === "continued")
    return fields as ExecuteWorkflowOptions<object>;
  return {
    ...fields,
    ...{ workflowId: call.workflowId, userId: call.userId, executionId },
    metadata: withCreation(metadata, creation),
    ifExists: ifExists ?? (named === undefined ? "fail" : "resume"),
  } as ExecuteWorkflowOptions<object>;
}

/** Returns true if the caller has aborted the call: then nothing runs for it any more. */
export function isAborted(call: V1Call): boolean {
  return readProperty(readProperty(call, "signal"), "aborted") === true;
}

/** Returns the fields of a call that V2 knows, each read once. The others are V1's own. */
function knownFields(call: object): Fields {
  const found: Record<string, unknown> = {};
  for (const name of Object.keys(KNOWN)) {
    const value = readProperty(call, name);
    if (value !== undefined) found[name] = value;
  }
  return found;
}

/** Adds a rollout's own metadata to that of a call. What is no metadata stays, so that V2 refuses it. */
function withCreation(metadata: unknown, creation: string): Record<string, string> {
  const own = metadataOf(creation);
  if (metadata === undefined) return own;
  const isObject = typeof metadata === "object" && metadata !== null && !Array.isArray(metadata);
  return isObject ? { ...metadata, ...own } : (metadata as Record<string, string>);
}
