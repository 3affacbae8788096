import {
  type ClaimRequest,
  type CommitRequest,
  createdHead,
  type ExecutionRecord,
  type FieldWriter,
  type FieldWriters,
  type HeadUpdate,
  type NewCheckpoint,
  type NewExecution,
  writeFields,
} from "@waymark/core";
import { type Entry, madeAtOf, NOW, type RecordContent } from "./documents.ts";

/*
 * Where each field of a request is written. Every request has a table with an entry for each field that its interface
 * names: the compiler refuses one that is forgotten.
 */

/** What becomes of a head: fields to set, as expressions, and fields to remove. */
export interface HeadChange {
  set: Record<string, unknown>;
  unset: string[];
}

/** The field of the same name. */
const sameField: FieldWriter<string | number | null, HeadChange> = (value, { set, unset }, name) => {
  if (value === null) unset.push(name);
  // A text that begins with $ would be taken for an expression.
  else set[name] = typeof value === "string" ? { $literal: value } : value;
};

const failureJson: FieldWriter<object | null, HeadChange> = (failure, to) =>
  sameField(failure === null ? null : JSON.stringify(failure), to, "failureJson");

/** The fields of a new head that no request names, and that are the same for all. */
const BY_STORE: Record<
  Exclude<keyof ExecutionRecord, keyof NewExecution | "leaseUntil" | "token" | "unreadable" | Time>,
  true
> = { version: true, seq: true, snapshotSeq: true, firstSeq: true, checkpointsCount: true };
/** The fields of a new head that have the time. */
type Time = "createdAt" | "updatedAt" | "endedAt";

const NEW_EXECUTION: FieldWriters<NewExecution, HeadChange & { bornAt: number }> = {
  id: (id, to, name) => {
    for (const field of [name, "_id", "executionId"]) sameField(id, to, field);
  },
  workflowId: sameField,
  userId: sameField,
  status: sameField,
  currentStep: sameField,
  totalSteps: sameField,
  owner: sameField,
  leaseMs: (leaseMs, to) => sameField(to.bornAt + leaseMs, to, "leaseUntil"),
  definitionHash: sameField,
  parentId: sameField,
  wakeAt: sameField,
  failure: failureJson,
  // The rules of core make it of the field and the time, see below.
  createdAt: nowhere,
  // The record itself is the first one of the tail.
  checkpoint: ({ id }, to) => sameField(id, to, "initialCheckpointId"),
};

/** The fields of a new head, but for its token, its tail and what an end adds. */
export function newHeadFields(execution: NewExecution, entry: Entry): Record<string, unknown> {
  const { incarnation } = entry;
  const bornAt = madeAtOf(entry);
  const head = createdHead(execution, 0, bornAt);
  const { createdAt, updatedAt } = head;
  const to = { set: { incarnation, createdAt, updatedAt, bornAt }, unset: [], bornAt };
  writeFields(NEW_EXECUTION, execution, to);
  for (const name in BY_STORE) sameField(head[name as keyof typeof BY_STORE], to, name);
  return to.set;
}

/** What a claim makes of the head, beside its token. */
const CLAIM: FieldWriters<ClaimRequest, HeadChange & { claimed: ExecutionRecord }> = {
  claimId: (claimId, to) => sameField(claimId, to, "lastClaimId"),
  owner: sameField,
  leaseMs: (_, to) => sameField(to.claimed.leaseUntil ?? null, to, "leaseUntil"),
  // These two only decide whether it is granted.
  from: nowhere,
  force: nowhere,
};

/** Makes the head that of `claimed`. */
export function claimChange(claimed: ExecutionRecord, request: ClaimRequest): HeadChange {
  const { status, token, updatedAt } = claimed;
  const to = { set: { status, token, updatedAt }, unset: ["wakeAt", "failureJson", "endedAt"], claimed };
  writeFields(CLAIM, request, to);
  return to;
}

const HEAD_UPDATE: FieldWriters<HeadUpdate, HeadChange> = {
  status: sameField,
  currentStep: sameField,
  totalSteps: sameField,
  wakeAt: sameField,
  failure: failureJson,
  definitionHash: sameField,
  // What an end adds is made in one place, see endFields.
  endedAt: nowhere,
};

/** The counters that a commit builds on. */
interface Counters {
  version: number;
  seq: number;
  firstSeq: number;
  checkpointsCount: number;
  status: string;
}

const COMMIT: FieldWriters<CommitRequest, HeadChange & { base: Counters; status: string }> = {
  commitId: (commitId, to) => sameField(commitId, to, "lastCommitId"),
  // The statement's query compares it.
  token: nowhere,
  version: (version, to, name) => sameField(version + 1, to, name),
  checkpoint: ({ kind }, to) => {
    const { seq, checkpointsCount } = to.base;
    sameField(seq + 1, to, "seq");
    if (kind === "snapshot") sameField(seq + 1, to, "snapshotSeq");
    if (kind !== "save") sameField(checkpointsCount + 1, to, "checkpointsCount");
  },
  head: (update, to) => {
    writeFields(HEAD_UPDATE, update, to);
    to.status = update.status ?? to.base.status;
  },
  leaseMs: (leaseMs, { set }) => {
    set.leaseUntil = { $add: [NOW, leaseMs] };
  },
  dropBefore: (dropBefore, to) => sameField(Math.max(to.base.firstSeq, dropBefore), to, "firstSeq"),
};

/** What a commit makes of a head in the state of `base`, beside its tail and what an end adds. */
export function commitChange(base: Counters, request: CommitRequest): HeadChange & { status: string } {
  const to = { set: { updatedAt: NOW } as Record<string, unknown>, unset: [], base, status: base.status };
  writeFields(COMMIT, request, to);
  if (to.status !== "running") {
    delete to.set.leaseUntil;
    for (const name of ["owner", "leaseUntil"]) sameField(null, to, name);
  }
  return to;
}

const RECORD: FieldWriters<NewCheckpoint, Partial<RecordContent>> = {
  id: (id, to) => {
    to.checkpointId = id;
  },
  // It stands beside the number, also of a record that is kept apart.
  kind: nowhere,
  nodeId: asIs,
  nodeName: asIs,
  stepNumber: asIs,
  attempt: asIs,
  durationMs: asIs,
  payload: asIs,
  timestamp: asIs,
  error: (error, to) => {
    to.errorJson = JSON.stringify(error);
  },
};

/** What a record holds beside its number and kind. */
export function recordContent(checkpoint: NewCheckpoint): RecordContent {
  const to: Partial<RecordContent> = {};
  writeFields(RECORD, checkpoint, to);
  return to as RecordContent;
}

function asIs(value: string | number, to: object, name: string): void {
  (to as Record<string, unknown>)[name] = value;
}

function nowhere(): void {}
