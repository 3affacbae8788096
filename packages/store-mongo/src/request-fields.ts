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
} from "@waymark/core/store";
import { type Entry, madeAtOf, NOW, type RecordContent } from "./documents.ts";

/*
 * The place to which each field of a request is written. Every request has a table with an entry for each field of its
 * interface: the compiler refuses a table that lacks one.
 */

/** A change of a head: fields to set, as expressions, and fields to remove. */
export interface HeadChange {
  set: Record<string, unknown>;
  unset: string[];
}

/** Writes the field of the same name. */
const sameField: FieldWriter<string | number | null, HeadChange> = (value, { set, unset }, name) => {
  if (value === null) unset.push(name);
  // A text that begins with $ would be taken for an expression.
  else set[name] = typeof value === "string" ? { $literal: value } : value;
};

/** Writes the field with the same name and "Json", as text. */
const jsonField: FieldWriter<object | null, HeadChange> = (value, to, name) =>
  sameField(value === null ? null : JSON.stringify(value), to, `${name}Json`);

/** The fields of a new head that no request names and that are the same for all. */
const BY_STORE: Record<
  Exclude<keyof ExecutionRecord, keyof NewExecution | "leaseUntil" | "deadlineAt" | "token" | Time | Later>,
  true
> = { version: true, seq: true, snapshotSeq: true, firstSeq: true, checkpointsCount: true, recoveries: true };
/** The fields of a new head that hold its time. */
type Time = "createdAt" | "updatedAt" | "endedAt";
/** The fields that no new head has, or no head keeps. */
type Later = "waiting" | "waitingCount" | "readAt" | "unreadable";

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
  leaseMs: (leaseMs, to) => {
    for (const field of ["leaseUntil", "leaseBound"]) sameField(to.bornAt + leaseMs, to, field);
  },
  definitionHash: sameField,
  parentId: sameField,
  parentNodeId: sameField,
  parentVisit: sameField,
  forkedFromId: sameField,
  forkedFromSeq: sameField,
  metadata: jsonField,
  wakeAt: sameField,
  wakeInMs: (wakeInMs, to) => sameField(to.bornAt + wakeInMs, to, "wakeAt"),
  deadlineMs: (deadlineMs, to) => sameField(to.bornAt + deadlineMs, to, "deadlineAt"),
  failure: jsonField,
  // The rules of core compute it from the field and the time, see below.
  createdAt: nowhere,
  // The record itself is the first one of the tail.
  checkpoint: ({ id }, to) => sameField(id, to, "initialCheckpointId"),
};

/** Returns the fields of a new head except for its token, its tail and what an end adds. */
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

/** The fields of a head that only a running execution has. */
const OF_OWNER = ["owner", "leaseUntil", "leaseBound"];
const IS_RUNNING = { $eq: ["$status", "running"] };

const CLAIM: FieldWriters<ClaimRequest, HeadChange> = {
  claimId: (claimId, to) => sameField(claimId, to, "lastClaimId"),
  owner: sameField,
  leaseMs: (leaseMs, { set }) => {
    for (const field of ["leaseUntil", "leaseBound"]) set[field] = { $add: [NOW, leaseMs] };
  },
  // These two only decide whether it is granted.
  from: nowhere,
  force: nowhere,
  // What an end adds is made in one place, see endFields.
  cancel: (failure, to) => {
    sameField("cancelled", to, "status");
    jsonField(failure, to, "failure");
    for (const name of OF_OWNER) delete to.set[name];
    to.unset.push(...OF_OWNER, "wakeAt", "waitingJson", "waitingCount");
  },
};

/** Returns what a claim changes in a head, whose commits may have moved on meanwhile, except for what an end adds. */
export function claimChange(request: ClaimRequest): HeadChange {
  const to: HeadChange = {
    set: {
      status: "running",
      token: { $add: ["$token", 1] },
      updatedAt: NOW,
      recoveries: { $cond: [IS_RUNNING, { $add: [{ $ifNull: ["$recoveries", 0] }, 1] }, 0] },
      failureJson: { $cond: [IS_RUNNING, "$failureJson", "$$REMOVE"] },
    },
    unset: [],
  };
  writeFields(CLAIM, request, to);
  return to;
}

const HEAD_UPDATE: FieldWriters<HeadUpdate, HeadChange> = {
  status: sameField,
  currentStep: sameField,
  totalSteps: sameField,
  wakeAt: sameField,
  wakeInMs: (wakeInMs, { set }) => {
    set.wakeAt = { $add: [NOW, wakeInMs] };
  },
  waiting: jsonField,
  waitingCount: sameField,
  failure: jsonField,
  definitionHash: sameField,
  // What an end adds is made in one place, see endFields.
  endedAt: nowhere,
};

/** The counters that a commit builds on. */
export interface Counters {
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
  checkpoints: (checkpoints, to) => {
    const { seq, checkpointsCount } = to.base;
    if (checkpoints.length > 0) sameField(seq + checkpoints.length, to, "seq");
    const snapshot = checkpoints.findLastIndex(({ kind }) => kind === "snapshot");
    if (snapshot !== -1) sameField(seq + 1 + snapshot, to, "snapshotSeq");
    const seen = seenBy(checkpoints);
    if (seen === 0) return;
    sameField(checkpointsCount + seen, to, "checkpointsCount");
    sameField(0, to, "recoveries");
  },
  head: (update, to) => {
    writeFields(HEAD_UPDATE, update, to);
    to.status = update.status ?? to.base.status;
  },
  leaseMs: (leaseMs, { set }) => {
    const leaseUntil = { $add: [NOW, leaseMs] };
    // Only a lease that ends before the bound moves it. Usually it stays the same, and so does its index.
    Object.assign(set, { leaseUntil, leaseBound: { $min: ["$leaseBound", leaseUntil] } });
  },
  dropBefore: (dropBefore, to) => sameField(Math.max(to.base.firstSeq, dropBefore), to, "firstSeq"),
};

/** Returns what a commit changes in a head in the state of `base`, except for its tail and what an end adds. */
export function commitChange(base: Counters, request: CommitRequest): HeadChange & { status: string } {
  const to = { set: { updatedAt: NOW } as Record<string, unknown>, unset: [], base, status: base.status };
  writeFields(COMMIT, request, to);
  if (to.status !== "running") {
    for (const name of OF_OWNER) {
      delete to.set[name];
      sameField(null, to, name);
    }
  }
  return to;
}

/** Returns the number of records that users see as checkpoints. */
export function seenBy(checkpoints: readonly NewCheckpoint[]): number {
  return checkpoints.filter(({ kind }) => kind !== "save").length;
}

const RECORD: FieldWriters<NewCheckpoint, Partial<RecordContent>> = {
  id: (id, to) => {
    to.checkpointId = id;
  },
  // Kept beside the number, even if the rest of the record is in a part.
  kind: nowhere,
  nodeId: asIs,
  nodeName: asIs,
  visit: asIs,
  stepNumber: asIs,
  attempt: asIs,
  durationMs: asIs,
  payload: asIs,
  timestamp: asIs,
  error: (error, to) => {
    to.errorJson = JSON.stringify(error);
  },
};

/** Returns the fields of a record other than its number and kind. */
export function recordContent(checkpoint: NewCheckpoint): RecordContent {
  const to: Partial<RecordContent> = {};
  writeFields(RECORD, checkpoint, to);
  return to as RecordContent;
}

function asIs(value: string | number, to: object, name: string): void {
  (to as Record<string, unknown>)[name] = value;
}

function nowhere(): void {}
