import type { Codec } from "./codec.ts";
import type { NodeAttempts, NodeWait, Progress, RanNode, RecordParts } from "./progress.ts";
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
 *                "waiting"   [[nodeId, visit, token, sinceMs, untilMs or null, reason?], …]
 *                "answers"   {nodeId: [visit, data, true if it timed out]}
 *                "instance"  a text of its own for each execution
 *   the others:  [2, operation, …, part, …]     the operations of delta.ts, then parts
 *     all        ["begin", …nodeIds]
 *     delta      ["route", …handles] or ["end"], ["given", seq]
 *     error      ["route", …handles], ["retry", nodeId, atMs, failures]
 *     save       ["attempt", nodeId, n]         begun after others were cut off by a crash; it, and the next three, for
 *                                               several nodes at once
 *                ["counted", nodeId, attempt]
 *                ["wait", nodeId, visit, token, sinceMs, untilMs or null, reason?]
 *                ["resume", nodeId, visit, data, true if it timed out]
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
  const texts = [`{"v":${STATE_VERSION},"context":${contextText},"ran":${writeJson(Array.from(ran, ranToJson))}`];
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
  if (waiting.size > 0) add("waiting", Array.from(waiting.values(), waitToJson));
  if (answers.size > 0) {
    const each = Array.from(answers.values(), ({ nodeId, visit, data, timedOut }) => {
      const dataText = codec.encode(data, ["data"]);
      return `${JSON.stringify(nodeId)}:[${visit},${dataText}${timedOut === true ? ",true" : ""}]`;
    });
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
  const texts: string[] = [String(STATE_VERSION), ...operations];
  const add = (...part: unknown[]): void => {
    texts.push(writeJson(part));
  };
  const { handles, begin, given: givenSeq, attempts = [], retry, counted = [], waits = [], answers = [] } = given;
  if (handles === null) add("end");
  else if (handles !== undefined) add("route", ...handles);
  if (givenSeq !== undefined) add("given", givenSeq);
  if (retry !== undefined) add("retry", retry.nodeId, retry.atMs, retry.failures);
  for (const { nodeId, attempt } of attempts) add("attempt", nodeId, attempt);
  for (const { nodeId, attempt } of counted) add("counted", nodeId, attempt);
  for (const wait of waits) add("wait", ...waitToJson(wait));
  for (const { nodeId, visit, data, timedOut } of answers) {
    const dataText = codec.encode(data, ["data"]);
    texts.push(`["resume",${JSON.stringify(nodeId)},${visit},${dataText}${timedOut === true ? ",true" : ""}]`);
  }
  if (given.definition !== undefined) add("definition", given.definition);
  if (begin !== undefined) add("begin", ...begin);
  return `[${texts.join(",")}]`;
}

function ranToJson({ nodeId, handles }: RanNode): string | readonly (string | null)[] {
  if (handles === undefined) return nodeId;
  return handles === null ? [nodeId, null] : [nodeId, ...handles];
}

function attemptsToJson({ attempt, countedFrom, failures, retryAtMs }: NodeAttempts): number | number[] {
  if (countedFrom === undefined && failures === undefined && retryAtMs === undefined) return attempt;
  const json = [attempt, countedFrom ?? 0, failures ?? 0];
  return retryAtMs === undefined ? json : [...json, retryAtMs];
}

function waitToJson({ nodeId, visit, token, sinceMs, untilMs, reason }: NodeWait): unknown[] {
  const json = [nodeId, visit, token, sinceMs, untilMs ?? null];
  return reason === undefined ? json : [...json, reason];
}
