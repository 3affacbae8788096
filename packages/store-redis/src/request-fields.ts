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

/*
 * Where each field of a request is written. Every request has a table with an entry for each field that its interface
 * names: the compiler refuses one that is forgotten.
 */

/** What becomes of the hash of a head. */
interface HashChange {
  /** Fields and values. */
  set: string[];
  removed: string[];
}

/** A field of the hash with the same name; `null` removes it. */
const inHash: FieldWriter<string | number | object | null, HashChange> = (value, { set, removed }, name) => {
  if (value === null) removed.push(name);
  else set.push(name, typeof value === "object" ? JSON.stringify(value) : String(value));
};

/** A new execution, as its script takes it. */
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
  wakeAt: (wakeAt, to, name) => {
    inHash(wakeAt, to, name);
    inHash(to.token, to, "wake");
  },
  failure: inHash,
  // At most the server's time: the rules of core say so, see below.
  createdAt: byRules,
  checkpoint: (checkpoint, to) => {
    inHash(checkpoint.id, to, "initialId");
    to.record = encodeRecord(checkpoint);
  },
};

/** The fields of a new head that no request decides alone. */
const BY_STORE: Record<
  Exclude<keyof ExecutionRecord, Exclude<keyof NewExecution, "createdAt"> | "leaseUntil" | "unreadable">,
  true
> = {
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

/** Encodes a new execution, under the token and at the time that the server gave. */
export function encodeNewExecution(execution: NewExecution, token: string, now: number): NewHead {
  const head = createdHead(execution, Number(token), now);
  const to = { set: ["born", token, "entry", token], removed: [], record: "", token, now };
  writeFields(NEW_EXECUTION, execution, to);
  for (const name in BY_STORE) {
    const value = head[name as keyof typeof BY_STORE];
    if (value !== undefined) inHash(value, to, name);
  }
  return to;
}

/** What the script of a claim is told, by name. */
export interface ClaimArguments {
  claimId: string;
  owner: string;
  leaseMs: string;
  /** "1" or "". */
  force: string;
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
};

export function encodeClaim(request: ClaimRequest): ClaimArguments {
  const to: ClaimArguments = { claimId: "", owner: "", leaseMs: "", force: "", from: [] };
  writeFields(CLAIM, request, to);
  return to;
}

/** What the script of a commit is told, by name; "" is absent. */
export interface CommitArguments extends HashChange {
  commitId: string;
  token: string;
  version: string;
  record: string;
  kind: string;
  leaseMs: string;
  dropBefore: string;
  status: string;
  endedAt: string;
  /** Whether `wakeAt` is "set", "clear"ed or neither. */
  wake: string;
  /** The creation time with which index entries were made for this commit. */
  prepared: string;
  endedTtlMs: string;
}

const HEAD_UPDATE: FieldWriters<HeadUpdate, CommitArguments> = {
  status: asArgument,
  currentStep: inHash,
  totalSteps: inHash,
  wakeAt: (wakeAt, to, name) => {
    to.wake = wakeAt === null ? "clear" : "set";
    inHash(wakeAt, to, name);
    if (wakeAt === null) to.removed.push("wake");
  },
  failure: inHash,
  definitionHash: inHash,
  endedAt: asArgument,
};

const COMMIT: FieldWriters<CommitRequest, CommitArguments> = {
  commitId: asArgument,
  token: asArgument,
  version: asArgument,
  checkpoint: (checkpoint, to) => {
    to.kind = checkpoint.kind;
    to.record = encodeRecord(checkpoint);
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
    record: "",
    kind: "",
    leaseMs: "",
    dropBefore: "",
    status: "",
    endedAt: "",
    wake: "",
    prepared: "",
    endedTtlMs,
    removed: [],
    set: [],
  };
  writeFields(COMMIT, request, to);
  return to;
}

type RecordHeader = { readonly [Name in Exclude<keyof NewCheckpoint, "payload">]-?: unknown };

/** A record as text: a line of JSON, and the payload as it is. Scripts look at how it begins: with the kind. */
function encodeRecord(checkpoint: NewCheckpoint): string {
  const { kind, id, nodeId, nodeName, stepNumber, attempt, durationMs, timestamp, error } = checkpoint;
  const header: RecordHeader = { kind, id, nodeId, nodeName, stepNumber, attempt, durationMs, timestamp, error };
  return `${JSON.stringify(header)}\n${checkpoint.payload}`;
}

/** An argument of the script with the same name. */
function asArgument(value: string | number, to: object, name: string): void {
  (to as Record<string, string>)[name] = String(value);
}

/** A key says it. */
function inKey(): void {}

/** The rules of core make it of the field and the time. */
function byRules(): void {}
