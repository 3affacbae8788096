import {
  type CheckpointKind,
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

/*
 * The place to which each field of a request is written. Every request has a table with an entry for each field of its
 * interface: the compiler refuses a table that lacks one.
 */

/** A change of the hash of a head. */
interface HashChange {
  /** Fields and values. */
  set: string[];
  removed: string[];
}

/** Writes the field of the hash with the same name; `null` removes it. */
const inHash: FieldWriter<string | number | object | null, HashChange> = (value, { set, removed }, name) => {
  if (value === null) removed.push(name);
  else set.push(name, typeof value === "object" ? JSON.stringify(value) : String(value));
};

/** A new execution, as its script expects it. */
export interface NewHead extends HashChange {
  record: string;
}

const NEW_EXECUTION: FieldWriters<NewExecution, NewHead & { token: string; now: number }> = {
  id: inKey,
  workflowId: inHash,
  userId: inHash,
  status: inHash,
  currentStep: inHash,
  totalSteps: inHash,
  owner: inHash,
  leaseMs: (leaseMs, to) => inHash(to.now + leaseMs, to, "leaseUntil"),
  definitionHash: inHash,
  parentId: inHash,
  parentNodeId: inHash,
  parentVisit: inHash,
  forkedFromId: inHash,
  forkedFromSeq: inHash,
  metadata: inHash,
  // The rules of core compute the time from the duration, see below.
  wakeAt: byRules,
  wakeInMs: byRules,
  deadlineMs: byRules,
  failure: inHash,
  // The rules of core limit it to the server's time, see below.
  createdAt: byRules,
  checkpoint: (checkpoint, to) => {
    inHash(checkpoint.id, to, "initialId");
    to.record = encodeRecord(checkpoint);
  },
};

/** The fields of a head that are made when it is read. */
type Unkept = "unreadable" | "readAt";

/** The fields of a new head that no request decides alone. */
const BY_STORE: Record<
  Exclude<keyof ExecutionRecord, Exclude<keyof NewExecution, "createdAt" | "wakeAt"> | "leaseUntil" | Unkept>,
  true
> = {
  wakeAt: true,
  waiting: true,
  waitingCount: true,
  recoveries: true,
  deadlineAt: true,
  version: true,
  token: true,
  seq: true,
  snapshotSeq: true,
  firstSeq: true,
  checkpointsCount: true,
  createdAt: true,
  updatedAt: true,
  endedAt: true,
};

/** Encodes a new execution, with the token and the time that the server has returned. */
export function encodeNewExecution(execution: NewExecution, token: string, now: number): NewHead {
  const head = createdHead(execution, Number(token), now);
  const to = { set: ["born", token, "entry", token], removed: [], record: "", token, now };
  writeFields(NEW_EXECUTION, execution, to);
  for (const name in BY_STORE) {
    const value = head[name as keyof typeof BY_STORE];
    if (value !== undefined) inHash(value, to, name);
  }
  if (head.wakeAt !== undefined) inHash(token, to, "wake");
  return to;
}

/** The arguments of the script of a claim, by name. */
export interface ClaimArguments {
  claimId: string;
  owner: string;
  leaseMs: string;
  /** "1" or "". */
  force: string;
  /** A failure as JSON, or "". */
  cancel: string;
  from: readonly string[];
}

const CLAIM: FieldWriters<ClaimRequest, ClaimArguments> = {
  claimId: asArgument,
  owner: asArgument,
  leaseMs: asArgument,
  from: (from, to) => {
    to.from = from;
  },
  force: (force, to) => {
    to.force = force ? "1" : "";
  },
  cancel: (failure, to) => {
    to.cancel = JSON.stringify(failure);
  },
};

export function encodeClaim(request: ClaimRequest): ClaimArguments {
  const to: ClaimArguments = { claimId: "", owner: "", leaseMs: "", force: "", cancel: "", from: [] };
  writeFields(CLAIM, request, to);
  return to;
}

/** The arguments of the script of a commit, by name; "" is absent. */
export interface CommitArguments extends HashChange {
  commitId: string;
  token: string;
  version: string;
  /** A letter for each record; see the script. */
  kinds: string;
  leaseMs: string;
  dropBefore: string;
  status: string;
  endedAt: string;
  /** "set", "clear" or "": the change of `wakeAt`. */
  wake: string;
  wakeAt: string;
  wakeInMs: string;
  /** The creation time with which index entries were made for this commit. */
  prepared: string;
  endedTtlMs: string;
  records: string[];
}

const HEAD_UPDATE: FieldWriters<HeadUpdate, CommitArguments> = {
  status: asArgument,
  currentStep: inHash,
  totalSteps: inHash,
  wakeAt: (wakeAt, to) => {
    to.wake = wakeAt === null ? "clear" : "set";
    if (wakeAt === null) to.removed.push("wakeAt", "wake");
    else to.wakeAt = String(wakeAt);
  },
  wakeInMs: (wakeInMs, to) => {
    to.wake = "set";
    to.wakeInMs = String(wakeInMs);
  },
  waiting: inHash,
  waitingCount: inHash,
  failure: inHash,
  definitionHash: inHash,
  endedAt: asArgument,
};

const LETTERS: Readonly<Record<CheckpointKind, string>> = { snapshot: "s", save: "v", delta: "c", error: "c" };

const COMMIT: FieldWriters<CommitRequest, CommitArguments> = {
  commitId: asArgument,
  token: asArgument,
  version: asArgument,
  checkpoints: (checkpoints, to) => {
    for (const checkpoint of checkpoints) {
      to.kinds += LETTERS[checkpoint.kind];
      to.records.push(encodeRecord(checkpoint));
    }
  },
  head: (update, to) => writeFields(HEAD_UPDATE, update, to),
  leaseMs: asArgument,
  dropBefore: asArgument,
};

export function encodeCommit(request: CommitRequest, endedTtlMs: string): CommitArguments {
  const to: CommitArguments = {
    commitId: "",
    token: "",
    version: "",
    kinds: "",
    leaseMs: "",
    dropBefore: "",
    status: "",
    endedAt: "",
    wake: "",
    wakeAt: "",
    wakeInMs: "",
    prepared: "",
    endedTtlMs,
    records: [],
    removed: [],
    set: [],
  };
  writeFields(COMMIT, request, to);
  return to;
}

type RecordHeader = { readonly [Name in Exclude<keyof NewCheckpoint, "payload">]-?: unknown };

/** Encodes a record as text: a line of JSON, and then the payload. It begins with the kind, which scripts read. */
function encodeRecord(checkpoint: NewCheckpoint): string {
  const { kind, id, nodeId, nodeName, visit, stepNumber, attempt, durationMs, timestamp, error } = checkpoint;
  const header: RecordHeader = { kind, id, nodeId, nodeName, visit, stepNumber, attempt, durationMs, timestamp, error };
  return `${JSON.stringify(header)}\n${checkpoint.payload}`;
}

/** Writes the argument of the script with the same name. */
function asArgument(value: string | number, to: object, name: string): void {
  (to as Record<string, string>)[name] = String(value);
}

/** Writes nothing: the key has it. */
function inKey(): void {}

/** Writes nothing: the rules of core compute it from the field and the time. */
function byRules(): void {}
