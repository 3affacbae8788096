import {
  type CheckpointKind,
  type CheckpointRecord,
  createdHead,
  type ExecutionRecord,
  type FailureRecord,
  type HeadUpdate,
  type NewCheckpoint,
  type NewExecution,
  WorkflowError,
} from "@waymark/core";

/** A head as it is kept: the record, and what only the store needs to know. */
export interface Head {
  record: ExecutionRecord;
  /** The token that it was created under. */
  born: string;
  /** The stamp of its entry in the index of its status. */
  entry: string;
  /** The stamp of its entry in the index of those that have a `wakeAt`; absent where it has none. */
  wake?: string;
  initialId: string;
  claimId?: string;
  commitId?: string;
}

const NUMBERS = [
  "version",
  "token",
  "seq",
  "snapshotSeq",
  "firstSeq",
  "checkpointsCount",
  "currentStep",
  "totalSteps",
  "leaseUntil",
  "wakeAt",
  "createdAt",
  "updatedAt",
  "endedAt",
] as const;
const TEXTS = ["workflowId", "userId", "status", "owner", "definitionHash", "parentId"] as const;

/** A head from the fields and values of its hash; `undefined` where there are none. */
export function decodeHead(id: string, flat: readonly string[]): Head | undefined {
  if (flat.length === 0) return undefined;
  const fields = new Map<string, string>();
  for (let i = 0; i < flat.length; i += 2) fields.set(flat[i] as string, flat[i + 1] as string);
  const record: Record<string, unknown> = { id };
  for (const name of TEXTS) if (fields.has(name)) record[name] = fields.get(name);
  for (const name of NUMBERS) if (fields.has(name)) record[name] = Number(fields.get(name));
  const failure = fields.get("failure");
  if (failure !== undefined) record.failure = JSON.parse(failure) as FailureRecord;
  const head: Head = {
    record: record as unknown as ExecutionRecord,
    born: fields.get("born") ?? "",
    entry: fields.get("entry") ?? "",
    initialId: fields.get("initialId") ?? "",
  };
  const wake = fields.get("wake");
  if (wake !== undefined) head.wake = wake;
  const claimId = fields.get("claimId");
  if (claimId !== undefined) head.claimId = claimId;
  const commitId = fields.get("commitId");
  if (commitId !== undefined) head.commitId = commitId;
  return head;
}

/** A new execution's record, and the fields and values of its hash. */
export function encodeNewHead(
  execution: NewExecution,
  token: string,
  now: number,
): { record: ExecutionRecord; fields: string[] } {
  const { id: _id, failure, ...plain } = createdHead(execution, Number(token), now);
  const fields = Object.entries(plain).flatMap(([name, value]) => [name, String(value)]);
  if (failure !== undefined) fields.push("failure", JSON.stringify(failure));
  fields.push("born", token, "entry", token, "initialId", execution.checkpoint.id);
  if (execution.wakeAt !== undefined) fields.push("wake", token);
  const record = decodeHead(execution.id, fields)?.record as ExecutionRecord;
  return { record, fields };
}

/** What a commit changes by name: the fields that go, and fields and values that come. */
export function encodeHeadUpdate(update: HeadUpdate = {}): { removed: string[]; set: string[] } {
  const removed: string[] = [];
  const set: string[] = [];
  const { currentStep, totalSteps, wakeAt, failure, definitionHash } = update;
  if (currentStep !== undefined) set.push("currentStep", String(currentStep));
  if (totalSteps !== undefined) set.push("totalSteps", String(totalSteps));
  if (wakeAt === null) removed.push("wakeAt", "wake");
  else if (wakeAt !== undefined) set.push("wakeAt", String(wakeAt));
  if (failure === null) removed.push("failure");
  else if (failure !== undefined) set.push("failure", JSON.stringify(failure));
  if (definitionHash !== undefined) set.push("definitionHash", definitionHash);
  return { removed, set };
}

/** A record as text: a line of JSON, beginning with the kind, which scripts look at; then the payload as it is. */
export function encodeRecord(checkpoint: NewCheckpoint): string {
  const { kind, id, nodeId, nodeName, stepNumber, attempt, durationMs, timestamp, error } = checkpoint;
  const header = { kind, id, nodeId, nodeName, stepNumber, attempt, durationMs, timestamp, error };
  return `${JSON.stringify(header)}\n${checkpoint.payload}`;
}

export function decodeRecord(text: string, seq: number): CheckpointRecord {
  const end = text.indexOf("\n");
  if (end < 0) throw new WorkflowError("STATE_CORRUPT", `Record ${seq} is not one that this store wrote.`);
  const header = JSON.parse(text.slice(0, end)) as Omit<NewCheckpoint, "payload"> & { kind: CheckpointKind };
  const { kind, id, error, ...rest } = header;
  const record: CheckpointRecord = { id, seq, kind, ...rest, payload: text.slice(end + 1) };
  if (error !== undefined) record.error = error;
  return record;
}
