import type {
  CheckpointKind,
  CheckpointRecord,
  CommitRequest,
  ExecutionRecord,
  FailureRecord,
  NewCheckpoint,
  WorkflowStatus,
} from "@waymark/core";

/** Comes between the parts of a slot's `_id`. No id contains it, so no slot collides with a head, whose `_id` is the id. */
const SEPARATOR = "\u0000";
const SEQ_DIGITS = 16;

/** Now by the server's clock, in milliseconds since the epoch, inside a pipeline. */
export const NOW = { $toLong: "$$NOW" } as const;

/**
 * The head of an execution; also what is left of it for a while when it was deleted (no `id`, no `createdAt`), so that
 * its tokens are not used again.
 */
export interface HeadDocument extends Partial<Omit<ExecutionRecord, "failure">> {
  /** The execution's id. */
  _id: string;
  /** The shard key: the same in the head and in every slot. */
  executionId: string;
  /** Names one life of an id, from its creation to its deletion. Its slots are keyed by it. */
  incarnation: string;
  token: number;
  firstToken: number;
  bornAt: number;
  initialCheckpointId?: string;
  lastCommitId?: string;
  lastClaimId?: string;
  /** JSON text: what nodes throw may hold U+0000 and lone surrogates. */
  failureJson?: string;
  /** Of a deleted execution: the call that deleted it. */
  deletedBy?: string;
  /** Of an ended execution: from when on it is taken for gone. */
  expiresAt?: number;
  /** Rises with whoever changes what the server is to remove of an ended execution (see expiry.ts). */
  expiryEpoch?: number;
  /** Of a deleted or an ended execution: when the server may remove this. */
  forgetAt?: Date;
  /** Of a deleted or an ended execution whose slots may not all be seen to yet. */
  sweepingSince?: number;
  /** The server's clock, where it was asked for. */
  now?: number;
}

/** A head of an execution that is there. */
export type LiveHead = HeadDocument & ExecutionRecord;

/** One numbered record, and what its commit does to the head. */
export interface SlotDocument {
  _id: string;
  executionId: string;
  commitId: string;
  /** The head that the commit builds on. */
  token: number;
  version: number;
  /** What the commit does to the head, as JSON text: whoever finds it undone can do it. */
  move: string;
  checkpointId: string;
  seq: number;
  kind: CheckpointKind;
  nodeId: string;
  nodeName: string;
  stepNumber: number;
  attempt: number;
  durationMs: number;
  payload: string;
  timestamp: number;
  errorJson?: string;
  /** Of an ended execution: when the server may remove this. */
  forgetAt?: Date;
  /** Who has changed that last. */
  expiryEpoch?: number;
}

/** The part of a commit that concerns the head. */
export type Move = Pick<CommitRequest, "head" | "leaseMs" | "dropBefore">;

/** What a slot holds beside what it is found by. */
export type SlotContent = Omit<
  SlotDocument,
  "_id" | "executionId" | "commitId" | "token" | "version" | "forgetAt" | "expiryEpoch"
>;

/** The `_id` of a slot. Sorts by number within one incarnation. */
export function slotId(id: string, incarnation: string, seq: number): string {
  return [id, incarnation, String(seq).padStart(SEQ_DIGITS, "0")].join(SEPARATOR);
}

/** Selects the slots of one incarnation, from one number to another, both included. */
export function slotRange(id: string, incarnation: string, from = 0, to = Number.MAX_SAFE_INTEGER) {
  return { _id: { $gte: slotId(id, incarnation, from), $lte: slotId(id, incarnation, to) }, executionId: id };
}

/** Tells a head from what is left of a deleted one. */
export function isLive(head: HeadDocument | undefined): head is LiveHead {
  return head?.createdAt !== undefined;
}

export function slotContent(checkpoint: NewCheckpoint, seq: number, move: Move): SlotContent {
  const { id, error, kind, nodeId, nodeName, stepNumber, attempt, durationMs, payload, timestamp } = checkpoint;
  const record = { kind, nodeId, nodeName, stepNumber, attempt, durationMs, payload, timestamp };
  const content: SlotContent = { checkpointId: id, seq, move: JSON.stringify(move), ...record };
  if (error !== undefined) content.errorJson = JSON.stringify(error);
  return content;
}

export function toCheckpoint(slot: SlotDocument): CheckpointRecord {
  const record: CheckpointRecord = {
    id: slot.checkpointId,
    seq: slot.seq,
    kind: slot.kind,
    nodeId: slot.nodeId,
    nodeName: slot.nodeName,
    stepNumber: slot.stepNumber,
    attempt: slot.attempt,
    durationMs: slot.durationMs,
    payload: slot.payload,
    timestamp: slot.timestamp,
  };
  if (slot.errorJson !== undefined) record.error = JSON.parse(slot.errorJson) as FailureRecord;
  return record;
}

export function toRecord(head: LiveHead): ExecutionRecord {
  const record: ExecutionRecord = {
    id: head.id,
    workflowId: head.workflowId,
    userId: head.userId,
    status: head.status as WorkflowStatus,
    version: head.version,
    token: head.token,
    seq: head.seq,
    snapshotSeq: head.snapshotSeq,
    firstSeq: head.firstSeq,
    checkpointsCount: head.checkpointsCount,
    currentStep: head.currentStep,
    totalSteps: head.totalSteps,
    createdAt: head.createdAt,
    updatedAt: head.updatedAt,
  };
  if (head.owner !== undefined) record.owner = head.owner;
  if (head.leaseUntil !== undefined) record.leaseUntil = head.leaseUntil;
  if (head.wakeAt !== undefined) record.wakeAt = head.wakeAt;
  if (head.failureJson !== undefined) record.failure = JSON.parse(head.failureJson) as FailureRecord;
  if (head.definitionHash !== undefined) record.definitionHash = head.definitionHash;
  if (head.parentId !== undefined) record.parentId = head.parentId;
  if (head.endedAt !== undefined) record.endedAt = head.endedAt;
  return record;
}
