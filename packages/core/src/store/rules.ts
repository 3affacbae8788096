import { WorkflowError } from "../errors.ts";
import { isEnded } from "./arguments.ts";
import type { ClaimRequest, CommitRequest, ExecutionRecord, NewExecution } from "./checkpoint-store.ts";

/*
 * What every store must decide alike, as pure functions. A store that decides in the database (a fenced UPDATE, a
 * script) uses them to say why nothing was changed; a store that decides in its own process uses them outright.
 */

/**
 * Why a claim cannot be granted at `now` (the store's clock), or `undefined` where it can.
 *
 * - A repeated `claimId` must have been recognised before.
 */
export function claimRefusal(
  id: string,
  head: ExecutionRecord | undefined,
  request: ClaimRequest,
  now: number,
): WorkflowError | undefined {
  if (head === undefined) return notFound(id);
  if (!request.from.includes(head.status)) {
    return new WorkflowError(
      "INVALID_STATUS",
      `Execution "${id}" is ${head.status}; it can be claimed here only when it is ${request.from.join(" or ")}.`,
      { executionId: id, details: { status: head.status, from: [...request.from] } },
    );
  }
  if (head.status === "running" && request.force !== true && (head.leaseUntil ?? 0) > now) {
    const retryAfterMs = (head.leaseUntil ?? 0) - now;
    return new WorkflowError(
      "LEASE_HELD",
      `Execution "${id}" is being run by "${head.owner}", whose lease has ${retryAfterMs} ms left.`,
      { executionId: id, details: { retryAfterMs, owner: head.owner } },
    );
  }
  return undefined;
}

/**
 * Why a commit cannot be made, or `undefined` where it can.
 *
 * - A repeated `commitId` must have been recognised before. `dropBefore` is the store's own to check.
 */
export function commitRefusal(
  id: string,
  head: ExecutionRecord | undefined,
  request: CommitRequest,
): WorkflowError | undefined {
  if (head === undefined) return notFound(id);
  if (request.token !== head.token) {
    return new WorkflowError("LEASE_LOST", `Execution "${id}" was taken over by another owner.`, {
      executionId: id,
      details: { token: request.token, currentToken: head.token },
    });
  }
  if (head.status === "suspended" || isEnded(head.status)) {
    return new WorkflowError("INVALID_STATUS", `Execution "${id}" is ${head.status}; claim it before changing it.`, {
      executionId: id,
      details: { status: head.status },
    });
  }
  if (request.version !== head.version) {
    return new WorkflowError(
      "VERSION_CONFLICT",
      `Execution "${id}" is at version ${head.version}, not ${request.version}.`,
      { executionId: id, details: { version: request.version, currentVersion: head.version } },
    );
  }
  return undefined;
}

/** The head of a new execution. */
export function createdHead(execution: NewExecution, token: number, now: number): ExecutionRecord {
  return withoutUndefined({
    id: execution.id,
    workflowId: execution.workflowId,
    userId: execution.userId,
    status: execution.status,
    version: 0,
    token,
    seq: 0,
    snapshotSeq: 0,
    firstSeq: 0,
    checkpointsCount: 0,
    currentStep: execution.currentStep,
    totalSteps: execution.totalSteps,
    owner: execution.owner,
    leaseUntil: execution.leaseMs === undefined ? undefined : now + execution.leaseMs,
    wakeAt: execution.wakeAt,
    failure: execution.failure,
    definitionHash: execution.definitionHash,
    parentId: execution.parentId,
    createdAt: now,
    updatedAt: now,
    endedAt: isEnded(execution.status) ? now : undefined,
  });
}

/** The head after a granted claim. */
export function claimedHead(head: ExecutionRecord, request: ClaimRequest, token: number, now: number): ExecutionRecord {
  const { wakeAt: _wakeAt, failure: _failure, endedAt: _endedAt, ...kept } = head;
  return { ...kept, status: "running", token, owner: request.owner, leaseUntil: now + request.leaseMs, updatedAt: now };
}

/** The head after a granted commit. */
export function committedHead(head: ExecutionRecord, request: CommitRequest, now: number): ExecutionRecord {
  const { checkpoint, head: update } = request;
  const next: ExecutionRecord = { ...head, version: head.version + 1, updatedAt: now };
  if (checkpoint !== undefined) {
    next.seq = head.seq + 1;
    if (checkpoint.kind === "snapshot") next.snapshotSeq = next.seq;
    if (checkpoint.kind !== "save") next.checkpointsCount = head.checkpointsCount + 1;
  }
  if (request.dropBefore !== undefined) next.firstSeq = Math.max(head.firstSeq, request.dropBefore);
  if (update?.currentStep !== undefined) next.currentStep = update.currentStep;
  if (update?.totalSteps !== undefined) next.totalSteps = update.totalSteps;
  if (update?.wakeAt === null) delete next.wakeAt;
  else if (update?.wakeAt !== undefined) next.wakeAt = update.wakeAt;
  if (update?.failure === null) delete next.failure;
  else if (update?.failure !== undefined) next.failure = update.failure;
  if (update?.definitionHash !== undefined) next.definitionHash = update.definitionHash;
  if (update?.status !== undefined) next.status = update.status;
  if (next.status !== "running") {
    delete next.owner;
    delete next.leaseUntil;
  } else if (request.leaseMs !== undefined) {
    next.leaseUntil = now + request.leaseMs;
  }
  if (isEnded(next.status)) next.endedAt = now;
  else delete next.endedAt;
  return next;
}

/** The error for an id that no execution has. */
export function notFound(id: string): WorkflowError {
  return new WorkflowError("EXECUTION_NOT_FOUND", `No execution "${id}".`, { executionId: id });
}

/** The error for an id that is taken. */
export function alreadyExists(id: string): WorkflowError {
  return new WorkflowError("EXECUTION_ALREADY_EXISTS", `An execution "${id}" exists.`, { executionId: id });
}

function withoutUndefined(record: { [K in keyof ExecutionRecord]: ExecutionRecord[K] | undefined }): ExecutionRecord {
  for (const key of Object.keys(record) as (keyof ExecutionRecord)[]) {
    if (record[key] === undefined) delete record[key];
  }
  return record as ExecutionRecord;
}
