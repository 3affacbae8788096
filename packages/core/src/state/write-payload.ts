import type { Codec } from "./codec.ts";
import type { NodeAnswer, NodeAttempts, NodeWait, Progress, RanNode, RecordParts } from "./progress.ts";
import { writeJson } from "./write-json.ts";

/*
 * The text of a record: format 2. payload.ts reads it.
 *
 *   a snapshot:  {"v":2,"context":{…},"ran":["a",["b","true"],["c",null]], …}, and of these what is not empty:
 *                "left"      [[source, target, handle?], …]
 *                "visits"    {nodeId: count}
 *                "start"     [nodeId, …]
 *                "handles"   [handle, …] or null: of the record's own node, if it is not the last of "ran"
 *                "begin"     [nodeId, …]
 *                "attempts"  {nodeId: attempt} or {nodeId: [attempt, countedFrom, failures, retryAtMs?]}; 0 for none
 *                "waiting"   [[nodeId, visit, token, sinceMs, untilMs or null, reason or null?, payload?], …]
 *                "answers"   {nodeId: [visit, data, true if it timed out or null?, token?]}
 *                "instance"  a text of its own for each execution
 *   the others:  [2, operation, …, part, …]     the operations of delta.ts, then parts
 *     all        ["begin", …nodeIds]
 *     delta      ["route", …handles] or ["end"], ["given", seq]
 *     error      ["route", …handles], ["retry", nodeId, atMs, failures]
 *     save       ["attempt", nodeId, n]         begun after others were cut off by a crash; it, and the next three, for
 *                                               several nodes at once
 *                ["counted", nodeId, attempt]
 *                ["wait", nodeId, visit, token, sinceMs, untilMs or null, reason or null?, payload?]
 *                ["resume", nodeId, visit, data, true if it timed out or null?, token?]
 *                ["children", recoveries, mark]   how far they had come, and the recoveries that count no more since
 *                ["definition", hash]
 */

/** The version that this package writes; it reads this one and every older one. */
export const STATE_VERSION = 2;

/** What a snapshot holds. */
export interface SnapshotContent {
  contextText: string;
  progress: Progress;
  /** Of the record's own node, if it is not the last that ran. */
  handles?: readonly string[] | null | undefined;
}

/** Writes a snapshot's payload. */
export function snapshotPayload(codec: Codec, { contextText, progress, handles }: SnapshotContent): string {
  const { ran, left, visits, start, begin, attempts, waiting, answers, instance } = progress;
  const texts = [`{"v":${STATE_VERSION},"context":${contextText},"ran":${writeJson(ran.map(ranToJson))}`];
  const add = (name: string, json: unknown): void => {
    texts.push(`"${name}":${writeJson(json)}`);
  };
  if (left.length > 0) {
    add(
      "left",
      left.map(({ source, target, handle }) => (handle === undefined ? [source, target] : [source, target, handle])),
    );
  }
  if (visits.size > 0) add("visits", Object.fromEntries(visits));
  if (start !== undefined) add("start", start);
  if (handles !== undefined) add("handles", handles);
  if (begin !== undefined) add("begin", begin);
  if (attempts.size > 0) {
    add("attempts", Object.fromEntries([...attempts].map(([nodeId, each]) => [nodeId, attemptsToJson(each)])));
  }
  if (waiting.size > 0) {
    texts.push(`"waiting":[${Array.from(waiting.values(), (wait) => `[${waitText(codec, wait)}]`).join(",")}]`);
  }
  if (answers.size > 0) {
    const each = Array.from(answers.values(), (answer) => `${writeJson(answer.nodeId)}:[${answerText(codec, answer)}]`);
    texts.push(`"answers":{${each.join(",")}}`);
  }
  if (instance !== undefined) add("instance", instance);
  return `${texts.join(",")}}`;
}

/**
 * Writes the payload of a delta, an error or a save from the texts of its operations.
 *
 * @throws {WorkflowError} STATE_NOT_SERIALIZABLE
 */
export function changesPayload(codec: Codec, operations: readonly string[], given: RecordParts = {}): string {
  let text = `[${STATE_VERSION}`;
  for (const operation of operations) text += `,${operation}`;
  const add = (...part: unknown[]): void => {
    text += `,${writeJson(part)}`;
  };
  const {
    handles,
    begin,
    given: givenSeq,
    attempts = NONE,
    retry,
    counted = NONE,
    waits = NONE,
    answers = NONE,
  } = given;
  if (handles === null) add("end");
  else if (handles !== undefined) add("route", ...handles);
  if (givenSeq !== undefined) add("given", givenSeq);
  if (retry !== undefined) add("retry", retry.nodeId, retry.atMs, retry.failures);
  for (const { nodeId, attempt } of attempts) add("attempt", nodeId, attempt);
  for (const { nodeId, attempt } of counted) add("counted", nodeId, attempt);
  for (const wait of waits) text += `,["wait",${waitText(codec, wait)}]`;
  for (const answer of answers) text += `,["resume",${writeJson(answer.nodeId)},${answerText(codec, answer)}]`;
  if (given.children !== undefined) add("children", given.children.recoveries, given.children.mark);
  if (given.definition !== undefined) add("definition", given.definition);
  if (begin !== undefined) add("begin", ...begin);
  return `${text}]`;
}

const NONE: readonly never[] = [];

function ranToJson({ nodeId, handles }: RanNode): string | readonly (string | null)[] {
  if (handles === undefined) return nodeId;
  return handles === null ? [nodeId, null] : [nodeId, ...handles];
}

function attemptsToJson({ attempt, countedFrom, failures, retryAtMs }: NodeAttempts): number | number[] {
  if (countedFrom === undefined && failures === undefined && retryAtMs === undefined) return attempt;
  const json = [attempt, countedFrom ?? 0, failures ?? 0];
  return retryAtMs === undefined ? json : [...json, retryAtMs];
}

/** The parts of a wait, without the brackets around them. */
function waitText(codec: Codec, { nodeId, visit, token, sinceMs, untilMs, reason, payload }: NodeWait): string {
  const texts = [nodeId, visit, token, sinceMs, untilMs ?? null].map(writeJson);
  if (reason !== undefined || payload !== undefined) texts.push(writeJson(reason ?? null));
  if (payload !== undefined) texts.push(codec.encode(payload, ["payload"]));
  return texts.join(",");
}

/** The parts of an answer behind its node, without the brackets around them. */
function answerText(codec: Codec, { visit, data, token, timedOut }: NodeAnswer): string {
  const texts = [String(visit), codec.encode(data, ["data"])];
  if (timedOut === true || token !== undefined) texts.push(timedOut === true ? "true" : "null");
  if (token !== undefined) texts.push(writeJson(token));
  return texts.join(",");
}
