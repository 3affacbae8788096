import { isWorkflowError, WorkflowError } from "../errors.ts";
import type { Journal } from "../state/journal.ts";
import { type NodeAnswer, nextRun } from "../state/progress.ts";
import type { Surroundings } from "../state/surroundings.ts";
import { payloadTooLarge } from "../store/checks.ts";
import { quoted } from "../text.ts";
import { onResume } from "./decide-resume.ts";
import { isOver } from "./open-wait.ts";
import { type Found, standingOf } from "./standing.ts";

/** An answer to a wait: the one that a token names, or that of a node, or the only one there is. */
export interface AnswerRequest {
  waitToken?: string | undefined;
  nodeId?: string | undefined;
  /** As {@link readAnswer} has read it. */
  data: unknown;
  /** A child has changed for which the node waits: the node runs again, without an answer. */
  wakes?: true;
}

/**
 * Reads an answer once, and returns the engine's own decoding of it.
 *
 * @throws {WorkflowError} STATE_NOT_SERIALIZABLE, PAYLOAD_TOO_LARGE
 */
export function readAnswer({ codec, store }: Surroundings, data: unknown): { data: unknown } {
  const { text, value } = codec.take(data, ["data"]);
  const { maxPayloadBytes } = store.capabilities;
  const bytes = Buffer.byteLength(text);
  if (bytes > maxPayloadBytes) throw payloadTooLarge("data", bytes, maxPayloadBytes);
  return { data: value };
}

/**
 * Returns the answer to keep.
 *
 * - A wait takes an answer until its time is over. A kept answer is replaced until its node has completed or waits again.
 *
 * @throws {WorkflowError} NOT_WAITING; INVALID_ARGUMENT if several nodes take an answer and none is named
 */
export function answerFor(found: Found, { waitToken, nodeId, data }: AnswerRequest): NodeAnswer {
  const { journal } = found;
  const { progress } = journal;
  if (waitToken !== undefined) return answerByToken(journal, waitToken, data);
  const standing = standingOf(found);
  const what = onResume(standing, { nodeId, hasData: true, holdMs: 0 });
  if (what.what === "name a node") {
    const open = [...standing.waiting, ...standing.answered];
    const names = open.map((each) => quoted(each)).join(", ");
    throw new WorkflowError(
      "INVALID_ARGUMENT",
      `resumeWorkflow: nodeId: several nodes take an answer: ${names}. Name one.`,
      {
        executionId: journal.executionId,
        details: { waiting: open },
      },
    );
  }
  if (what.what !== "answer") throw refusal(found, nodeId);
  const { visit } = nextRun(progress, what.nodeId);
  const { token } = progress.waiting.get(what.nodeId) ?? progress.answers.get(what.nodeId) ?? {};
  return { nodeId: what.nodeId, visit, data, ...(token === undefined ? {} : { token }) };
}

/** Returns the answer to the wait that a token names. @throws {WorkflowError} NOT_WAITING */
export function answerByToken(journal: Journal, waitToken: string, data: unknown): NodeAnswer {
  const { waiting, answers } = journal.progress;
  const wait = [...waiting.values()].find(({ token }) => token === waitToken);
  if (wait !== undefined && isOver(wait, journal.storeNow())) {
    throw tokenRefused(`The time to answer node ${quoted(wait.nodeId)} is over.`, journal.executionId);
  }
  const kept = [...answers.values()].find((each) => each.token === waitToken && each.timedOut !== true);
  const answered = wait ?? kept;
  if (answered === undefined) throw tokenRefused();
  return { nodeId: answered.nodeId, visit: answered.visit, token: waitToken, data };
}

/** Makes the error for a token that nothing waits for. It does not reveal whether the execution exists. */
export function tokenRefused(problem = "", executionId?: string): WorkflowError {
  const message =
    problem === ""
      ? 'Nothing waits for an answer with this waitToken ("ww_…", not an execution\'s id), or not any more.'
      : problem;
  return new WorkflowError("NOT_WAITING", message, { executionId });
}

/** Makes the error for a call that answers, or names a node, where nothing waits. */
export function refusal(found: Found, nodeId: string | undefined): WorkflowError {
  const { status, next, waiting } = standingOf(found);
  if (nodeId === undefined || nodeId === next) return notWaiting(found, `is ${status} and waits for no answer`);
  const places = waiting.length > 0 ? `waits at ${waiting.map((each) => quoted(each)).join(", ")}` : undefined;
  const where = places ?? (next === undefined ? "has no node left to run" : `continues at node ${quoted(next)}`);
  return notWaiting(found, `${where}, not at ${quoted(nodeId)}`, { nodeId });
}

function notWaiting(found: Found, problem: string, facts: { nodeId?: string } = {}): WorkflowError {
  const { status, next, waiting } = standingOf(found);
  const { executionId } = found.journal;
  const details = { status, ...(next === undefined ? {} : { next }), waiting, ...facts };
  return new WorkflowError("NOT_WAITING", `Execution ${quoted(executionId)} ${problem}.`, { executionId, details });
}

/** Returns true if a run has taken an answer. If nothing waits there, the claim reports the owner of the execution. */
export async function isTaken(answer: Promise<boolean>): Promise<boolean> {
  try {
    return await answer;
  } catch (error) {
    if (isWorkflowError(error, "NOT_WAITING")) return false;
    throw error;
  }
}
