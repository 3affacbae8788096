import { WorkflowError } from "../errors.ts";
import { quoted } from "../text.ts";
import { MAX_TIME_MS } from "../time.ts";
import type { CheckpointRecord, ExecutionRecord, FailureRecord, WaitingNode } from "./checkpoint-store.ts";
import { checkId } from "./checks.ts";
import { checkMetadata, checkWaiting } from "./head-values.ts";
import { isCheckpointKind, isWorkflowStatus } from "./status.ts";

/*
 * Makes records of stored fields. This is the only place where a store does so. Rows get edited by hand, restored in
 * part and cut off by full disks, so no value from a database is trusted.
 */

/**
 * Fields as a database returns them. A number may be decimal text, a failure may be JSON text, and an absent field may
 * be `null`.
 */
export type StoredFields<T> = { readonly [K in keyof T]?: unknown };

type Reader = (value: unknown) => unknown;
/** `fallback` replaces a required field that cannot be read. `before` replaces a field that older rows do not have. */
interface Field {
  read: Reader;
  fallback?: unknown;
  before?: unknown;
}
type Fields<T> = { readonly [K in keyof Required<T>]: Field };

/** The reader of each field of a head. */
const HEAD: Omit<Fields<ExecutionRecord>, "unreadable"> = {
  id: { read: id, fallback: "" },
  workflowId: { read: id, fallback: "" },
  userId: { read: id, fallback: "" },
  status: { read: (value) => (isWorkflowStatus(value) ? value : undefined), fallback: "failed" },
  version: { read: count, fallback: 0 },
  token: { read: count, fallback: 0 },
  seq: { read: count, fallback: 0 },
  snapshotSeq: { read: count, fallback: 0 },
  firstSeq: { read: count, fallback: 0 },
  checkpointsCount: { read: count, fallback: 0 },
  currentStep: { read: count, fallback: 0 },
  totalSteps: { read: count, fallback: 0 },
  owner: { read: id },
  leaseUntil: { read: time },
  wakeAt: { read: time },
  waiting: { read: waiting },
  waitingCount: { read: count },
  failure: { read: failure },
  recoveries: { read: count, fallback: 0, before: 0 },
  deadlineAt: { read: time },
  definitionHash: { read: id },
  parentId: { read: id },
  parentNodeId: { read: id },
  parentVisit: { read: count },
  forkedFromId: { read: id },
  forkedFromSeq: { read: count },
  metadata: { read: metadata },
  createdAt: { read: time, fallback: 0 },
  updatedAt: { read: time, fallback: 0 },
  endedAt: { read: time },
  readAt: { read: time, fallback: 0 },
};

const CHECKPOINT: Fields<CheckpointRecord> = {
  id: { read: id, fallback: "" },
  seq: { read: count, fallback: 0 },
  kind: { read: (value) => (isCheckpointKind(value) ? value : undefined), fallback: "save" },
  nodeId: { read: anyText, fallback: "" },
  nodeName: { read: anyText, fallback: "" },
  visit: { read: count, fallback: 0, before: 1 },
  stepNumber: { read: count, fallback: 0 },
  attempt: { read: count, fallback: 0 },
  durationMs: { read: duration, fallback: 0 },
  payload: { read: anyText, fallback: "" },
  timestamp: { read: time, fallback: 0 },
  error: { read: failure },
};

/**
 * Reads a head from stored fields.
 *
 * - Never throws: one damaged row must not make a listing fail. A field that cannot be read is left out, or is 0, "" or
 *   "failed" if it is required, and `unreadable` names it. Core can list and delete such an execution, and refuses
 *   everything else.
 */
export function readStoredHead(fields: StoredFields<ExecutionRecord>): ExecutionRecord {
  const { record, unreadable } = readFields<ExecutionRecord>(HEAD, fields);
  if (unreadable.length === 0) return record;
  // A listing names the row as it is, also if no store takes the name.
  return { ...record, id: anyText(fields.id) ?? record.id, unreadable };
}

/**
 * Reads a record of a history from stored fields.
 *
 * @throws {WorkflowError} STATE_CORRUPT, naming the record and the fields that cannot be read
 */
export function readStoredCheckpoint(fields: StoredFields<CheckpointRecord>): CheckpointRecord {
  const { record, unreadable } = readFields<CheckpointRecord>(CHECKPOINT, fields);
  if (unreadable.length === 0) return record;
  throw new WorkflowError(
    "STATE_CORRUPT",
    `Record ${quoted(fields.seq)} of the history cannot be read: ${unreadable.join(", ")}.`,
    { details: { seq: record.seq, unreadable } },
  );
}

function readFields<T>(
  table: Readonly<Record<string, Field>>,
  fields: StoredFields<T>,
): { record: T; unreadable: string[] } {
  const record: Record<string, unknown> = {};
  const unreadable: string[] = [];
  for (const [name, { read, fallback, before }] of Object.entries(table)) {
    const stored = (fields as Record<string, unknown>)[name] ?? before;
    const isAbsent = stored === undefined || stored === null;
    if (isAbsent && fallback === undefined) continue;
    const value = isAbsent ? undefined : read(stored);
    if (value === undefined) unreadable.push(name);
    if (value !== undefined || fallback !== undefined) record[name] = value ?? fallback;
  }
  return { record: record as T, unreadable };
}

function anyText(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** An id within the limits of arguments: core hands ids of heads to the store again. */
function id(value: unknown): string | undefined {
  return isAccepted(() => checkId(value, "id")) ? (value as string) : undefined;
}

function count(value: unknown): number | undefined {
  const number = typeof value === "string" && /^\d{1,16}$/.test(value) ? Number(value) : value;
  return Number.isSafeInteger(number) && (number as number) >= 0 ? (number as number) : undefined;
}

function time(value: unknown): number | undefined {
  const ms = count(value);
  return ms !== undefined && ms <= MAX_TIME_MS ? ms : undefined;
}

function duration(value: unknown): number | undefined {
  const ms = typeof value === "string" && value !== "" ? Number(value) : value;
  return typeof ms === "number" && ms >= 0 && ms <= Number.MAX_SAFE_INTEGER ? ms : undefined;
}

function failure(value: unknown): FailureRecord | undefined {
  const json = fromJson(value);
  const { code, message } = (json ?? {}) as Partial<FailureRecord>;
  return typeof code === "string" && typeof message === "string" ? (json as FailureRecord) : undefined;
}

function waiting(value: unknown): readonly WaitingNode[] | undefined {
  const json = fromJson(value);
  return isAccepted(() => checkWaiting(json, "waiting")) ? (json as WaitingNode[]) : undefined;
}

function metadata(value: unknown): Record<string, string> | undefined {
  const json = fromJson(value);
  return isAccepted(() => checkMetadata(json, "metadata")) ? (json as Record<string, string>) : undefined;
}

function fromJson(value: unknown): unknown {
  try {
    return typeof value === "string" ? JSON.parse(value) : value;
  } catch {
    return undefined;
  }
}

function isAccepted(check: () => void): boolean {
  try {
    check();
    return true;
  } catch {
    return false;
  }
}
