import { WorkflowError } from "../errors.ts";
import type { Codec } from "./codec.ts";
import { isPlain } from "./live-values.ts";
import { writeJson } from "./write-json.ts";

/*
 * The text of a record. The sole owner of its format and version.
 *
 *   a snapshot:  {"v":1,"context":{…},"ran":["a",["b","true"]],"attempts":{"c":2}}
 *   the others:  [1, operation, …]    the operations of delta.ts, and
 *                ["route", …handles]  which outputs the node took; absent where it took all
 *                ["attempt", nodeId, n] attempt n of a node has begun after a crash
 *                ["resume", nodeId, data]  what a suspended node was resumed with
 *                ["ran", …]           the nodes that count as run from here on; no longer written
 */

/** The version that this package writes; it reads this one and every older one. */
const STATE_VERSION = 1;

/** A node that has run: its id, with the handles it took where it chose some. */
export interface RanNode {
  nodeId: string;
  handles?: readonly string[];
}

/** What a snapshot holds. */
export interface SnapshotContent {
  contextText: string;
  ran: readonly RanNode[];
  /** Attempts that have begun of nodes that have not completed, by node id. */
  attempts: ReadonlyMap<string, number>;
}

/** A record's payload, parsed. */
export type ParsedPayload =
  | { kind: "snapshot"; context: Record<string, unknown>; ran: RanNode[]; attempts: Map<string, number> }
  | {
      kind: "changes";
      operations: unknown[][];
      handles?: string[];
      begun?: { nodeId: string; attempt: number };
      ran?: RanNode[];
      resumed?: { nodeId: string; data: unknown };
    };

/** Writes a snapshot's payload. */
export function snapshotPayload({ contextText, ran, attempts }: SnapshotContent): string {
  const attemptsText = attempts.size === 0 ? "" : `,"attempts":${writeJson(Object.fromEntries(attempts))}`;
  return `{"v":${STATE_VERSION},"context":${contextText},"ran":${writeJson(ran.map(ranToJson))}${attemptsText}}`;
}

/** What a delta, an error or a save can tell beside its operations. */
export interface ChangesExtra {
  handles?: readonly string[] | undefined;
  begun?: { nodeId: string; attempt: number };
  resumed?: { nodeId: string; dataText: string };
}

/** Writes the payload of a delta, an error or a save from the texts of its operations. */
export function changesPayload(operations: readonly string[], extra: ChangesExtra = {}): string {
  const parts: string[] = [String(STATE_VERSION), ...operations];
  const { handles, begun, resumed } = extra;
  if (handles !== undefined) parts.push(writeJson(["route", ...handles]));
  if (begun !== undefined) parts.push(`["attempt",${JSON.stringify(begun.nodeId)},${begun.attempt}]`);
  if (resumed !== undefined) parts.push(`["resume",${JSON.stringify(resumed.nodeId)},${resumed.dataText}]`);
  return `[${parts.join(",")}]`;
}

/**
 * Parses a record's payload, and checks its shape.
 *
 * - Only for use inside `readingRecord`: a text that is not JSON throws what `JSON.parse` throws.
 * - `isIntact` is asked once the format is known to be one that this package reads, and before any value is made.
 *
 * @throws {WorkflowError} STATE_VERSION_UNSUPPORTED, STATE_CORRUPT, STATE_TYPE_UNKNOWN
 */
export function parsePayload(codec: Codec, payload: string, isIntact: () => boolean = () => true): ParsedPayload {
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
  return Array.isArray(json) ? parseChanges(codec, json) : parseSnapshot(codec, json as Record<string, unknown>);
}

const SNAPSHOT_KEYS: ReadonlySet<string> = new Set(["v", "context", "ran", "attempts"]);

function parseSnapshot(codec: Codec, json: Record<string, unknown>): ParsedPayload {
  if (!Object.keys(json).every((key) => SNAPSHOT_KEYS.has(key))) throw malformed();
  const { ran, attempts = {} } = json;
  if (!Array.isArray(ran) || !isObject(attempts)) throw malformed();
  for (const count of Object.values(attempts)) if (!isCount(count)) throw malformed();
  return {
    kind: "snapshot",
    context: asContext(codec.revive(json.context)),
    ran: ran.map(ranFromJson),
    attempts: new Map(Object.entries(attempts as Record<string, number>)),
  };
}

function parseChanges(codec: Codec, parts: readonly unknown[]): ParsedPayload {
  const parsed: ParsedPayload = { kind: "changes", operations: [] };
  for (let i = 1; i < parts.length; i++) {
    const part = parts[i];
    if (!Array.isArray(part)) throw malformed();
    switch (part[0]) {
      case "route":
        parsed.handles = part.slice(1).map(textFromJson);
        break;
      case "attempt":
        if (part.length !== 3 || !isCount(part[2])) throw malformed();
        parsed.begun = { nodeId: idFromJson(part[1]), attempt: part[2] };
        break;
      case "resume":
        if (part.length !== 3) throw malformed();
        parsed.resumed = { nodeId: idFromJson(part[1]), data: codec.revive(part[2]) };
        break;
      case "ran":
        parsed.ran = part.slice(1).map(ranFromJson);
        break;
      default:
        parsed.operations.push(part);
    }
  }
  return parsed;
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

type RanJson = string | readonly string[];

function ranToJson({ nodeId, handles }: RanNode): RanJson {
  return handles === undefined ? nodeId : [nodeId, ...handles];
}

function ranFromJson(json: unknown): RanNode {
  if (!Array.isArray(json)) return { nodeId: idFromJson(json) };
  return { nodeId: idFromJson(json[0]), handles: json.slice(1).map(textFromJson) };
}

function idFromJson(json: unknown): string {
  if (json === "") throw malformed();
  return textFromJson(json);
}

function textFromJson(json: unknown): string {
  if (typeof json !== "string") throw malformed();
  return json;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function malformed(): WorkflowError {
  return new WorkflowError("STATE_CORRUPT", "A stored payload is not in Waymark's format.");
}
