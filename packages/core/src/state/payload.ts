import type { LeftEdge } from "../definition/loop-rounds.ts";
import { WorkflowError } from "../errors.ts";
import type { CheckpointKind } from "../store/checkpoint-store.ts";
import { MAX_TIME_MS } from "../time.ts";
import { AppendList } from "./append-list.ts";
import type { Codec } from "./codec.ts";
import { isPlain } from "./live-values.ts";
import type { NodeAnswer, NodeAttempts, NodeWait, Progress, RanNode, RecordParts } from "./progress.ts";
import { STATE_VERSION } from "./write-payload.ts";

/*
 * Reads the text of a record; write-payload.ts describes the format. Format 1 is a part of it, but for
 *
 *   ["resume", nodeId, data]   what a suspended node was resumed with
 *   ["ran", …]                 in a save: the nodes that count as run from here on
 */

/** A record's payload, parsed. */
export type ParsedPayload =
  | {
      kind: "snapshot";
      context: Record<string, unknown>;
      progress: Progress;
      handles?: readonly string[] | null | undefined;
    }
  | { kind: "changes"; operations: unknown[][]; parts: RecordParts };

/**
 * Parses a record's payload, and checks the shape of all of it.
 *
 * - Only for use inside `readingRecord`: a text that is not JSON throws what `JSON.parse` throws.
 * - `isIntact` is asked once the format is known to be one that this package reads, and before any value is made.
 *
 * @throws {WorkflowError} STATE_VERSION_UNSUPPORTED, STATE_CORRUPT, STATE_TYPE_UNKNOWN
 */
export function parsePayload(
  codec: Codec,
  { kind, payload }: { kind: CheckpointKind; payload: string },
  isIntact: () => boolean = () => true,
): ParsedPayload {
  const json: unknown = JSON.parse(payload);
  const version = Array.isArray(json) ? json[0] : (json as { v?: unknown } | null)?.v;
  if (!isCount(version) || version === 0) throw malformed();
  if (version > STATE_VERSION) {
    throw new WorkflowError(
      "STATE_VERSION_UNSUPPORTED",
      `The state was written in format ${version}; this version of Waymark reads formats up to ${STATE_VERSION}. Update @waymark/core.`,
      { details: { version, supported: STATE_VERSION } },
    );
  }
  if (!isIntact()) throw new WorkflowError("STATE_CORRUPT", "It was changed since it was written.");
  if (Array.isArray(json) === (kind === "snapshot")) {
    throw new WorkflowError("STATE_CORRUPT", "Its payload is of another kind.");
  }
  return Array.isArray(json)
    ? parseChanges(codec, json, kind, version)
    : parseSnapshot(codec, json as Record<string, unknown>, version);
}

const SNAPSHOT_KEYS: Readonly<Record<number, ReadonlySet<string>>> = {
  1: new Set(["v", "context", "ran", "attempts"]),
  2: new Set([
    "v",
    "context",
    "ran",
    "left",
    "visits",
    "start",
    "handles",
    "begin",
    "attempts",
    "waiting",
    "answers",
    "instance",
  ]),
};

function parseSnapshot(codec: Codec, json: Record<string, unknown>, version: number): ParsedPayload {
  if (!Object.keys(json).every((key) => SNAPSHOT_KEYS[version]?.has(key))) throw malformed();
  const { left = [], start, begin, waiting = [], instance } = json;
  const waits = listOf(waiting).map((wait) => waitOf(codec, listOf(wait)));
  const answers = entriesOf(json.answers).map(([nodeId, answer]) => answerOf(codec, [nodeId, ...listOf(answer)]));
  const ran = listOf(json.ran).map((each) => ranOf(each, version));
  const progress: Progress = {
    ran: new AppendList(ran),
    heldCount: ran.length,
    left: listOf(left).map(leftOf),
    visits: new Map(entriesOf(json.visits).map(([nodeId, visit]) => [nodeId, countOf(visit)])),
    start: start === undefined ? undefined : listOf(start).map(idOf),
    begin: begin === undefined ? undefined : listOf(begin).map(idOf),
    attempts: new Map(entriesOf(json.attempts).map(([nodeId, each]) => [nodeId, attemptsOf(each, version)])),
    waiting: byNode(waits),
    answers: byNode(answers),
    children: undefined,
    instance: instance === undefined ? undefined : idOf(instance),
  };
  const context = asContext(codec.revive(json.context));
  return { kind: "snapshot", context, progress, handles: handlesOf(json.handles) };
}

/** How a part is read into those of its record. A part that a record holds once is refused the second time. */
type ReadPart = (parts: Parts, rest: readonly unknown[], codec: Codec) => void;

/** The parts of a record while it is read. */
type Parts = { -readonly [Name in keyof RecordParts]: RecordParts[Name] };

const begin: ReadPart = (parts, rest) => once(parts, "begin", rest.map(idOf));
const route: ReadPart = (parts, rest) => once(parts, "handles", rest.map(textOf));
const attempt: ReadPart = (parts, rest) => {
  parts.attempts = [...(parts.attempts ?? []), nodeAttemptOf(rest)];
};

const PARTS: Readonly<Record<"delta" | "error" | "save", Readonly<Record<string, ReadPart>>>> = {
  delta: {
    begin,
    route,
    end: (parts, rest) => {
      checkLength(rest, 0);
      once(parts, "handles", null);
    },
    given: (parts, rest) => {
      checkLength(rest, 1);
      once(parts, "given", countOf(rest[0]));
    },
  },
  error: {
    begin,
    route,
    retry: (parts, rest) => {
      checkLength(rest, 3);
      const [nodeId, atMs, failures] = rest;
      once(parts, "retry", { nodeId: idOf(nodeId), atMs: timeOf(atMs), failures: countOf(failures) });
    },
  },
  save: {
    begin,
    attempt,
    counted: (parts, rest) => {
      parts.counted = [...(parts.counted ?? []), nodeAttemptOf(rest)];
    },
    wait: (parts, rest, codec) => {
      parts.waits = [...(parts.waits ?? []), waitOf(codec, rest)];
    },
    resume: (parts, rest, codec) => {
      parts.answers = [...(parts.answers ?? []), answerOf(codec, rest)];
    },
    children: (parts, rest) => {
      checkLength(rest, 2);
      once(parts, "children", { recoveries: countOf(rest[0]), mark: countOf(rest[1]) });
    },
    definition: (parts, rest) => {
      checkLength(rest, 1);
      once(parts, "definition", idOf(rest[0]));
    },
  },
};

const FORMAT_1_PARTS: Readonly<Record<"delta" | "error" | "save", Readonly<Record<string, ReadPart>>>> = {
  delta: { route },
  error: {},
  save: {
    attempt,
    resume: (parts, rest, codec) => {
      checkLength(rest, 2);
      parts.answers = [answerOf(codec, [rest[0], 1, rest[1]])];
    },
    ran: (parts, rest) => {
      parts.ran = rest.map((each) => ranOf(each, 1));
    },
  },
};

const OPERATIONS: ReadonlySet<unknown> = new Set(["set", "delete", "push", "splice", "order"]);

function parseChanges(
  codec: Codec,
  [, ...written]: readonly unknown[],
  kind: CheckpointKind,
  version: number,
): ParsedPayload {
  const readers = (version === 1 ? FORMAT_1_PARTS : PARTS)[kind as Exclude<CheckpointKind, "snapshot">];
  const operations: unknown[][] = [];
  const parts: Parts = {};
  for (const part of written) {
    if (!Array.isArray(part)) throw malformed();
    const [name, ...rest] = part as unknown[];
    if (OPERATIONS.has(name)) operations.push(part);
    else if (typeof name === "string" && Object.hasOwn(readers, name)) readers[name]?.(parts, rest, codec);
    else throw malformed();
  }
  return { kind: "changes", operations, parts };
}

/** Checks that a value can be a context: a plain object. @throws {WorkflowError} STATE_CORRUPT */
export function asContext(value: unknown): Record<string, unknown> {
  if (typeof value !== "object" || value === null || !isPlain(value)) throw malformed();
  return value;
}

/** Tells a counter that the next commit can raise: a whole number with room above it. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= MAX_COUNT;
}

/** No counter of a real execution comes near it. */
const MAX_COUNT = 2 ** 52;

function once<Name extends keyof Parts>(parts: Parts, name: Name, value: Parts[Name]): void {
  if (parts[name] !== undefined) throw malformed();
  parts[name] = value;
}

function ranOf(json: unknown, version: number): RanNode {
  if (!Array.isArray(json)) return { nodeId: idOf(json) };
  const [nodeId, ...handles] = json as unknown[];
  if (version > 1 && handles.length === 1 && handles[0] === null) return { nodeId: idOf(nodeId), handles: null };
  return { nodeId: idOf(nodeId), handles: handles.map(textOf) };
}

function handlesOf(json: unknown): readonly string[] | null | undefined {
  return json === undefined || json === null ? json : listOf(json).map(textOf);
}

function leftOf(json: unknown): LeftEdge {
  const edge = listOf(json);
  checkLength(edge, 2, 3);
  const ends = { source: idOf(edge[0]), target: idOf(edge[1]) };
  return edge.length === 2 ? ends : { ...ends, handle: textOf(edge[2]) };
}

function nodeAttemptOf(rest: readonly unknown[]): { nodeId: string; attempt: number } {
  checkLength(rest, 2);
  return { nodeId: idOf(rest[0]), attempt: countOf(rest[1]) };
}

function attemptsOf(json: unknown, version: number): NodeAttempts {
  if (!Array.isArray(json) || version === 1) return { attempt: countOf(json) };
  checkLength(json, 3, 4);
  const [attempt, countedFrom, failures] = json.slice(0, 3).map(countOf) as [number, number, number];
  return {
    attempt,
    ...(countedFrom === 0 ? {} : { countedFrom }),
    ...(failures === 0 ? {} : { failures }),
    ...(json.length === 3 ? {} : { retryAtMs: timeOf(json[3]) }),
  };
}

function waitOf(codec: Codec, json: readonly unknown[]): NodeWait {
  checkLength(json, 5, 7);
  const [nodeId, visit, token, sinceMs, untilMs, reason, payload] = json;
  return {
    nodeId: idOf(nodeId),
    visit: visitOf(visit),
    token: idOf(token),
    sinceMs: timeOf(sinceMs),
    ...(untilMs === null ? {} : { untilMs: timeOf(untilMs) }),
    ...(json.length === 5 || (reason === null && json.length === 7) ? {} : { reason: textOf(reason) }),
    ...(json.length === 7 ? { payload: codec.revive(payload) } : {}),
  };
}

function answerOf(codec: Codec, json: readonly unknown[]): NodeAnswer {
  checkLength(json, 3, 5);
  const [nodeId, visit, data, timedOut, token] = json;
  const isLate = json.length > 3 && timedOut === true;
  if (json.length > 3 && !isLate && (timedOut !== null || json.length === 4)) throw malformed();
  return {
    nodeId: idOf(nodeId),
    visit: visitOf(visit),
    data: codec.revive(data),
    ...(json.length === 5 ? { token: idOf(token) } : {}),
    ...(isLate ? { timedOut: true as const } : {}),
  };
}

function byNode<T extends { nodeId: string }>(items: readonly T[]): Map<string, T> {
  const map = new Map(items.map((item) => [item.nodeId, item]));
  if (map.size !== items.length) throw malformed();
  return map;
}

function listOf(json: unknown): readonly unknown[] {
  if (!Array.isArray(json)) throw malformed();
  return json;
}

/** What an object holds by node id; nothing if it is absent. */
function entriesOf(json: unknown): [string, unknown][] {
  if (json === undefined) return [];
  if (typeof json !== "object" || json === null || Array.isArray(json)) throw malformed();
  const entries = Object.entries(json);
  for (const [nodeId] of entries) idOf(nodeId);
  return entries;
}

function idOf(json: unknown): string {
  if (json === "") throw malformed();
  return textOf(json);
}

function textOf(json: unknown): string {
  if (typeof json !== "string") throw malformed();
  return json;
}

function countOf(json: unknown): number {
  if (!isCount(json)) throw malformed();
  return json;
}

function visitOf(json: unknown): number {
  if (json === 0) throw malformed();
  return countOf(json);
}

/** Milliseconds since the epoch. */
function timeOf(json: unknown): number {
  if (typeof json !== "number" || !(json >= 0 && json <= MAX_TIME_MS)) throw malformed();
  return json;
}

function checkLength(json: readonly unknown[], least: number, most = least): void {
  if (json.length < least || json.length > most) throw malformed();
}

function malformed(): WorkflowError {
  return new WorkflowError("STATE_CORRUPT", "A stored payload is not in Waymark's format.");
}
