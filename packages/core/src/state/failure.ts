import { type ErrorCode, isErrorLike, isWorkflowError, messageOf } from "../errors.ts";
import type { FailureRecord } from "../store/checkpoint-store.ts";

/** The longest message or stack that is kept with a failure, in characters. */
const MAX_TEXT = 8_192;

/** Facts about a failure that the thrown value does not tell. */
export interface FailureFacts {
  code?: ErrorCode;
  message?: string;
  nodeId?: string;
  nodeName?: string;
  attempts?: number;
}

/** Turns whatever was thrown into a record that every store can keep. */
export function describeFailure(error: unknown, facts: FailureFacts = {}): FailureRecord {
  const record: FailureRecord = {
    code: facts.code ?? (isWorkflowError(error) ? error.code : "NODE_FAILED"),
    message: storable(facts.message ?? messageOf(error)),
  };
  if (facts.nodeId !== undefined) record.nodeId = facts.nodeId;
  if (facts.nodeName !== undefined) record.nodeName = facts.nodeName;
  if (facts.attempts !== undefined) record.attempts = facts.attempts;
  try {
    if (isErrorLike(error) && typeof error.stack === "string") record.stack = storable(error.stack);
    if (isErrorLike(error) && error.cause !== undefined) record.cause = storable(messageOf(error.cause));
  } catch {
    // What throws when it is looked at is described by its message alone.
  }
  return record;
}

function storable(text: string): string {
  const cut = text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
  return cut.replaceAll("\0", "\uFFFD").toWellFormed();
}
