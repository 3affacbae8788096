import { WorkflowError } from "../errors.ts";
import type { Codec } from "./codec.ts";
import { writeJson } from "./write-json.ts";

/*
 * The text of a record. The sole owner of its format and version.
 *
 *   a snapshot:  {"v":1,"context":{…},"ran":["a",["b","true"]],"attempts":{"c":2}}
 *   the others:  [1, operation, …]    the operations of delta.ts, and
 *                ["route", …handles]  which outputs the node took; absent where it took all
 *                ["attempt", nodeId, n] attempt n of a node has begun after a crash
 *                ["resume", nodeId, data]  what a suspended node was resumed with
 *                ["ran", …]           the nodes that count as run, where a resume went back
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
  const ranText = writeJson(ran.map(ranToJson));
  const attemptsText = attempts.size === 0 ? "" : `,"attempts":${writeJson(Object.fromEntries(attempts))}`;
  return `{"v":${STATE_VERSION},"context":${contextText},"ran":${ranText}${attemptsText}}`;
}

/** What a delta, an error or a save can tell beside its operations. */
export interface ChangesExtra {
  handles?: readonly string[] | undefined;
  begun?: { nodeId: string; attempt: number };
  ran?: readonly RanNode[];
  resumed?: { nodeId: string; dataText: string };
}

/** Writes the payload of a delta, an error or a save from the texts of its operations. */
export function changesPayload(operations: readonly string[], extra: ChangesExtra = {}): string {
  const parts: string[] = [String(STATE_VERSION), ...operations];
  if (extra.handles !== undefined) parts.push(writeJson(["route", ...extra.handles]));
  if (extra.begun !== undefined) parts.push(writeJson(["attempt", extra.begun.nodeId, extra.begun.attempt]));
  if (extra.resumed !== undefined) {
    parts.push(`["resume",${writeJson(extra.resumed.nodeId)},${extra.resumed.dataText}]`);
  }
  if (extra.ran !== undefined) parts.push(writeJson(["ran", ...extra.ran.map(ranToJson)]));
  return `[${parts.join(",")}]`;
}

/**
 * Parses a record's payload.
 *
 * @throws {WorkflowError} STATE_VERSION_UNSUPPORTED, STATE_CORRUPT, STATE_TYPE_UNKNOWN
 */
export function parsePayload(codec: Codec, payload: string): ParsedPayload {
  let json: unknown;
  try {
    json = JSON.parse(payload);
  } catch (cause) {
    throw corrupt(cause);
  }
  const version = Array.isArray(json) ? json[0] : (json as { v?: unknown } | null)?.v;
  if (!Number.isSafeInteger(version)) throw corrupt();
  if ((version as number) > STATE_VERSION) {
    throw new WorkflowError(
      "STATE_VERSION_UNSUPPORTED",
      `The state was written in format ${version}; this version of Waymark reads formats up to ${STATE_VERSION}. Update @waymark/core.`,
      { details: { version, supported: STATE_VERSION } },
    );
  }
  return Array.isArray(json)
    ? parseChanges(codec, json.slice(1))
    : parseSnapshot(codec, json as Record<string, unknown>);
}

function parseSnapshot(codec: Codec, json: Record<string, unknown>): ParsedPayload {
  const { context, ran = [], attempts = {} } = json;
  if (typeof context !== "object" || context === null || !Array.isArray(ran)) throw corrupt();
  return {
    kind: "snapshot",
    context: codec.revive(context) as Record<string, unknown>,
    ran: (ran as RanJson[]).map(ranFromJson),
    attempts: new Map(Object.entries(attempts as Record<string, number>)),
  };
}

function parseChanges(codec: Codec, parts: unknown[]): ParsedPayload {
  const parsed: ParsedPayload = { kind: "changes", operations: [] };
  for (const part of parts) {
    if (!Array.isArray(part)) throw corrupt();
    if (part[0] === "route") parsed.handles = part.slice(1);
    else if (part[0] === "attempt") parsed.begun = { nodeId: part[1], attempt: part[2] };
    else if (part[0] === "resume") parsed.resumed = { nodeId: part[1], data: codec.revive(part[2]) };
    else if (part[0] === "ran") parsed.ran = part.slice(1).map(ranFromJson);
    else parsed.operations.push(part);
  }
  return parsed;
}

type RanJson = string | [nodeId: string, ...handles: string[]];

function ranToJson({ nodeId, handles }: RanNode): RanJson {
  return handles === undefined ? nodeId : [nodeId, ...handles];
}

function ranFromJson(json: RanJson): RanNode {
  if (typeof json === "string") return { nodeId: json };
  const [nodeId, ...handles] = json;
  return { nodeId, handles };
}

function corrupt(cause?: unknown): WorkflowError {
  return new WorkflowError("STATE_CORRUPT", "A stored payload is not in Waymark's format.", { cause });
}
