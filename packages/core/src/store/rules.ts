import { WorkflowError } from "../errors.ts";
import { listed, quoted } from "../text.ts";
import { MAX_TIME_MS } from "../time.ts";
import { MAX_CHECKPOINTS } from "./arguments.ts";
import type { ClaimRequest, CommitRequest, ExecutionRecord, HeadUpdate, NewExecution } from "./checkpoint-store.ts";
import { leaseHeld, notFound } from "./refusals.ts";
import { isEnded } from "./status.ts";
import type { HistoryRange } from "./store-driver.ts";

/*
 * The decisions that all stores must make the same way, as pure functions. A store that decides in the database (a
 * fenced UPDATE, a script) uses them to explain why nothing was changed. A store that decides in its own process uses
 * them to decide.
 *
 * Each kind of request has one table of its effects on a head. It has an entry for every field of the request's type,
 * so the compiler refuses a table that lacks one.
 */

/** Applies one field of a request to the head. `now` is the store's time. */
type Effect<Value> = (head: ExecutionRecord, value: Value, now: number) => void;
type Effects<Request> = { readonly [Name in keyof Request]-?: Effect<Exclude<Request[Name], undefined>> };

/** The effect of fields that a store keeps beside the head, or only compares with it. */
const NONE = (): void => {};
const HOLD: Effect<number> = (head, leaseMs, now) => {
  head.leaseUntil = Math.min(now + leaseMs, MAX_TIME_MS);
};

const WAKE: Effect<number> = (head, wakeInMs, now) => {
  head.wakeAt = Math.min(now + wakeInMs, MAX_TIME_MS);
};

const CREATION: Effects<NewExecution> = {
  id: set("id"),
  workflowId: set("workflowId"),
  userId: set("userId"),
  status: set("status"),
  currentStep: set("currentStep"),
  totalSteps: set("totalSteps"),
  owner: set("owner"),
  leaseMs: HOLD,
  definitionHash: set("definitionHash"),
  parentId: set("parentId"),
  parentNodeId: set("parentNodeId"),
  parentVisit: set("parentVisit"),
  forkedFromId: set("forkedFromId"),
  forkedFromSeq: set("forkedFromSeq"),
  metadata: set("metadata"),
  wakeAt: set("wakeAt"),
  wakeInMs: WAKE,
  deadlineMs: (head, deadlineMs, now) => {
    head.deadlineAt = Math.min(now + deadlineMs, MAX_TIME_MS);
  },
  failure: set("failure"),
  createdAt: (head, createdAt, now) => {
    head.createdAt = Math.min(createdAt, now);
  },
  checkpoint: NONE,
};

const CLAIM: Effects<ClaimRequest> = {
  claimId: NONE,
  owner: set("owner"),
  leaseMs: HOLD,
  from: NONE,
  force: NONE,
  cancel: (head, failure, now) => {
    Object.assign(head, { status: "cancelled", failure, endedAt: now });
    for (const name of ["owner", "leaseUntil", "wakeAt", "waiting", "waitingCount"] as const) remove(head, name);
  },
};

const HEAD: Effects<HeadUpdate> = {
  status: set("status"),
  currentStep: set("currentStep"),
  totalSteps: set("totalSteps"),
  wakeAt: setOrRemove("wakeAt"),
  wakeInMs: WAKE,
  waiting: setOrRemove("waiting"),
  waitingCount: setOrRemove("waitingCount"),
  failure: setOrRemove("failure"),
  definitionHash: set("definitionHash"),
  // Set by committedHead, only if the execution ends.
  endedAt: NONE,
};

const COMMIT: Effects<CommitRequest> = {
  commitId: NONE,
  token: NONE,
  version: (head, version) => {
    head.version = version + 1;
  },
  checkpoints: (head, checkpoints) => {
    for (const { kind } of checkpoints) {
      head.seq += 1;
      if (kind === "snapshot") head.snapshotSeq = head.seq;
      if (kind === "save") continue;
      head.checkpointsCount += 1;
      head.recoveries = 0;
    }
  },
  head: (head, update, now) => apply(HEAD, head, update, now),
  leaseMs: HOLD,
  dropBefore: (head, seq) => {
    head.firstSeq = Math.max(head.firstSeq, seq);
  },
};

/**
 * Returns the error for a claim that cannot be granted at `now` (the store's clock), or `undefined` if it can.
 *
 * - The caller must have recognized a repeated `claimId` before.
 * - A head with a field that cannot be read, or with a counter that cannot rise any more, is refused as STATE_CORRUPT.
 */
export function claimRefusal(
  id: string,
  head: ExecutionRecord | undefined,
  request: ClaimRequest,
  now: number,
): WorkflowError | undefined {
  if (head === undefined) return notFound(id);
  if (head.unreadable !== undefined) return damagedExecution(id, head.unreadable);
  if (!request.from.includes(head.status)) {
    const allowed = [...new Set(request.from)];
    return new WorkflowError(
      "INVALID_STATUS",
      `Execution ${quoted(id)} is ${head.status}; it can be claimed here only when it is ${allowed.join(" or ")}.`,
      { executionId: id, details: { status: head.status, from: allowed } },
    );
  }
  if (head.status === "running" && request.force !== true && (head.leaseUntil ?? 0) > now) {
    return leaseHeld(head, now);
  }
  const hasEnd = Math.max(head.token, head.recoveries) >= Number.MAX_SAFE_INTEGER || !canTakeRecords(head);
  return hasEnd ? counterEnded(id) : undefined;
}

/**
 * Returns the error for a commit that cannot be made, or `undefined` if it can.
 *
 * - The caller must have recognized a repeated `commitId` before, and must check `dropBefore` itself: see {@link bringsSnapshot}.
 * - A head with a field that cannot be read, or with a counter that cannot rise any more, is refused as STATE_CORRUPT.
 */
export function commitRefusal(
  id: string,
  head: ExecutionRecord | undefined,
  request: CommitRequest,
): WorkflowError | undefined {
  if (head === undefined) return notFound(id);
  if (head.unreadable !== undefined) return damagedExecution(id, head.unreadable);
  if (request.token !== head.token) {
    return new WorkflowError("LEASE_LOST", `Execution ${quoted(id)} was taken over by another owner.`, {
      executionId: id,
      details: { token: request.token, currentToken: head.token },
    });
  }
  if (head.status === "suspended" || isEnded(head.status)) {
    return new WorkflowError(
      "INVALID_STATUS",
      `Execution ${quoted(id)} is ${head.status}; claim it before changing it.`,
      { executionId: id, details: { status: head.status } },
    );
  }
  if (request.version !== head.version) {
    return new WorkflowError(
      "VERSION_CONFLICT",
      `Execution ${quoted(id)} is at version ${head.version}, not ${request.version}.`,
      { executionId: id, details: { version: request.version, currentVersion: head.version } },
    );
  }
  return canTakeRecords(head) ? undefined : counterEnded(id);
}

/** The highest value from which a counter of a head can still rise by what one commit adds. */
export const MAX_COUNTER: number = Number.MAX_SAFE_INTEGER - MAX_CHECKPOINTS;

function canTakeRecords({ version, seq, checkpointsCount }: ExecutionRecord): boolean {
  return Math.max(version, seq, checkpointsCount) <= MAX_COUNTER;
}

/**
 * Returns whether the record that a commit's `dropBefore` names is a snapshot of that commit's own.
 *
 * - `seq` is the head's before the commit. Any other record must be a snapshot that the store keeps.
 */
export function bringsSnapshot(
  { seq }: Pick<ExecutionRecord, "seq">,
  { checkpoints = [], dropBefore }: CommitRequest,
): boolean {
  return dropBefore !== undefined && checkpoints[dropBefore - seq - 1]?.kind === "snapshot";
}

/**
 * Returns the first and the last number of the records that a range selects from a head's history.
 *
 * - `first` is above `last` if there are none. With a `limit`, `order` decides at which end the range is cut.
 */
export function selectedNumbers(
  { firstSeq, seq }: Pick<ExecutionRecord, "firstSeq" | "seq">,
  { from, to, limit = Number.POSITIVE_INFINITY, order }: HistoryRange,
): { first: number; last: number } {
  const first = Math.max(from, firstSeq);
  const last = Math.min(to, seq);
  return order === "asc"
    ? { first, last: Math.min(last, first + limit - 1) }
    : { first: Math.max(first, last - limit + 1), last };
}

/** Returns the head of a new execution. */
export function createdHead(execution: NewExecution, token: number, now: number): ExecutionRecord {
  const { id, workflowId, userId, status, currentStep, totalSteps } = execution;
  const head: ExecutionRecord = {
    ...{ id, workflowId, userId, status, currentStep, totalSteps, token },
    ...{ version: 0, seq: 0, snapshotSeq: 0, firstSeq: 0, checkpointsCount: 0, recoveries: 0 },
    ...{ createdAt: now, updatedAt: now, readAt: now },
  };
  apply(CREATION, head, execution, now);
  if (isEnded(status)) head.endedAt = now;
  return head;
}

/** Returns the head after a granted claim. */
export function claimedHead(head: ExecutionRecord, request: ClaimRequest, token: number, now: number): ExecutionRecord {
  const next: ExecutionRecord = { ...head, status: "running", token, updatedAt: now, readAt: now };
  if (head.status === "running") {
    next.recoveries += 1;
  } else {
    next.recoveries = 0;
    remove(next, "failure");
  }
  remove(next, "endedAt");
  apply(CLAIM, next, request, now);
  return next;
}

/** Returns the head after a granted commit. */
export function committedHead(head: ExecutionRecord, request: CommitRequest, now: number): ExecutionRecord {
  const committed: ExecutionRecord = { ...head, updatedAt: now, readAt: now };
  apply(COMMIT, committed, request, now);
  const next = committed.status === "running" ? committed : unowned(committed);
  if (isEnded(next.status)) next.endedAt = Math.min(request.head?.endedAt ?? now, now);
  else remove(next, "endedAt");
  return next;
}

/** Returns the error for an id that another execution has. */
export function alreadyExists(id: string): WorkflowError {
  return new WorkflowError("EXECUTION_ALREADY_EXISTS", `An execution ${quoted(id)} exists.`, { executionId: id });
}

/**
 * Returns the error for an execution that is damaged: fields of its head cannot be read, or its head does not match its
 * history. It can still be listed and deleted.
 *
 * @param unreadable The names of the head's fields that cannot be read. Default: none, which means that the head does
 *   not match the history.
 */
export function damagedExecution(id: string, unreadable: readonly string[] = []): WorkflowError {
  const why =
    unreadable.length > 0
      ? `these fields of its head cannot be read: ${listed(unreadable)}`
      : "its head does not match its history";
  return damaged(id, why, unreadable);
}

function counterEnded(id: string): WorkflowError {
  return damaged(id, "a counter of its head has reached its end");
}

function damaged(id: string, why: string, unreadable: readonly string[] = []): WorkflowError {
  return new WorkflowError("STATE_CORRUPT", `Execution ${quoted(id)} is damaged: ${why}. It can be deleted.`, {
    executionId: id,
    details: { unreadable: [...unreadable] },
  });
}

function apply<Request>(effects: Effects<Request>, head: ExecutionRecord, request: Request, now: number): void {
  for (const name in effects) {
    const value = request[name];
    if (value !== undefined) effects[name](head, value as never, now);
  }
}

function set<Name extends keyof ExecutionRecord>(name: Name): Effect<NonNullable<ExecutionRecord[Name]>> {
  return (head, value) => {
    head[name] = value;
  };
}

function setOrRemove<Name extends Removable>(name: Name): Effect<ExecutionRecord[Name] | null> {
  return (head, value) => {
    if (value === null) remove(head, name);
    else head[name] = value;
  };
}

/** Returns a head without its owner. A copy: deleting fields would make the object slow. */
function unowned({ owner: _owner, leaseUntil: _leaseUntil, ...head }: ExecutionRecord): ExecutionRecord {
  return head;
}

/** The fields that can be removed from a head. */
type Removable = "owner" | "leaseUntil" | "wakeAt" | "waiting" | "waitingCount" | "failure" | "endedAt";

/** Removes a field if it is there. Deleting one that is absent would also make the object slow. */
function remove(head: ExecutionRecord, name: Removable): void {
  if (head[name] !== undefined) delete head[name];
}
