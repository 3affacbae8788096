import type {
  ClaimRequest,
  CommitRequest,
  ExecutionRecord,
  ExecutionRef,
  HeadUpdate,
  ListExecutionsOptions,
  NewCheckpoint,
  NewExecution,
  ReadCheckpointsOptions,
  WorkflowStatus,
} from "./checkpoint-store.ts";
import {
  checkCount,
  checkDuration,
  checkFailure,
  checkFlag,
  checkId,
  checkKind,
  checkLease,
  checkName,
  checkNodeId,
  checkOrder,
  checkPayload,
  checkStatus,
  checkStatuses,
  checkTime,
  invalid,
  refusalFor,
} from "./checks.ts";
import { checkFields, type Fields, fieldsOf, narrowing, needed, optional, removable } from "./fields.ts";
import { DEFAULT_PAGE_SIZE, decodeCursor, MAX_PAGE_SIZE, type PagePosition } from "./paging.ts";
import { isEnded } from "./status.ts";

/*
 * The checks at a store's door, one for every method: types, ranges, sizes and names, also of what is nested. Whatever
 * a method is given, it ends in one of these codes before anything is written.
 */

const CHECKPOINT = fieldsOf<NewCheckpoint>("checkpoint", "checkpoint.", {
  id: needed(checkId),
  kind: needed(checkKind),
  nodeId: needed(checkNodeId),
  nodeName: needed(checkName),
  stepNumber: needed(checkCount),
  attempt: needed(checkCount),
  durationMs: needed(checkDuration),
  payload: needed(checkPayload),
  timestamp: needed(checkTime),
  error: optional(checkFailure),
});

const NEW_EXECUTION = fieldsOf<NewExecution>("execution", "", {
  id: needed(checkId),
  workflowId: needed(checkId),
  userId: needed(checkId),
  status: needed(checkStatus),
  currentStep: needed(checkCount),
  totalSteps: needed(checkCount),
  owner: optional(checkId),
  leaseMs: optional(checkLease),
  definitionHash: optional(checkId),
  parentId: optional(checkId),
  wakeAt: optional(checkTime),
  failure: optional(checkFailure),
  createdAt: optional(checkTime),
  checkpoint: needed((value, _path, limit) => checkFields(value, CHECKPOINT, limit)),
});

const CLAIM = fieldsOf<ClaimRequest>("request", "", {
  claimId: needed(checkId),
  owner: needed(checkId),
  leaseMs: needed(checkLease),
  from: needed((value, path) => {
    checkStatuses(value, path);
    if ((value as unknown[]).length === 0) throw invalid(path, "must list at least one status");
  }),
  force: optional(checkFlag),
});

const HEAD = fieldsOf<HeadUpdate>("head", "head.", {
  status: optional(checkStatus),
  currentStep: optional(checkCount),
  totalSteps: optional(checkCount),
  wakeAt: removable(checkTime),
  failure: removable(checkFailure),
  definitionHash: optional(checkId),
  endedAt: optional(checkTime),
});

const COMMIT = fieldsOf<CommitRequest>("request", "", {
  commitId: needed(checkId),
  token: needed(checkCount),
  version: needed(checkCount),
  checkpoint: optional((value, _path, limit) => checkFields(value, CHECKPOINT, limit)),
  head: optional((value) => {
    checkFields(value, HEAD);
    const { endedAt, status } = value as HeadUpdate;
    if (endedAt !== undefined && (status === undefined || !isEnded(status))) {
      throw invalid("head.endedAt", "goes only with a status that ends the execution");
    }
  }),
  leaseMs: optional(checkLease),
  dropBefore: optional(checkCount),
});

const READ = fieldsOf<ReadCheckpointsOptions>("options", "", {
  from: optional(checkCount),
  to: optional(checkCount),
  limit: optional(checkCount),
  order: optional(checkOrder),
});

const LIST = fieldsOf<ListExecutionsOptions>("options", "", {
  workflowId: narrowing(checkId),
  userId: narrowing(checkId),
  status: narrowing((value, path) => (typeof value === "string" ? checkStatus : checkStatuses)(value, path)),
  leaseExpired: narrowing(checkFlag),
  due: narrowing(checkFlag),
  parentId: narrowing(checkId),
  createdBefore: narrowing(checkTime),
  cursor: optional(decodeCursor),
  limit: optional((value, path) => {
    checkCount(value, path);
    if (value < 1 || value > MAX_PAGE_SIZE) throw invalid(path, `must be 1 to ${MAX_PAGE_SIZE}`);
  }),
  order: optional(checkOrder),
});

/** A record may be named as it was listed, so its other fields are known, too. */
const REF: Fields = (() => {
  const ref = fieldsOf<ExecutionRef>("refs", "", {
    id: needed(checkId),
    version: narrowing(checkCount),
    token: narrowing(checkCount),
  });
  const others: Record<Exclude<keyof ExecutionRecord, keyof ExecutionRef>, true> = {
    workflowId: true,
    userId: true,
    status: true,
    seq: true,
    snapshotSeq: true,
    firstSeq: true,
    checkpointsCount: true,
    currentStep: true,
    totalSteps: true,
    owner: true,
    leaseUntil: true,
    wakeAt: true,
    failure: true,
    definitionHash: true,
    parentId: true,
    createdAt: true,
    updatedAt: true,
    endedAt: true,
    unreadable: true,
  };
  return { ...ref, names: new Set([...ref.names, ...Object.keys(others)]) };
})();

/** Checks what {@link CheckpointStore.createExecution} is given. @throws {WorkflowError} INVALID_ARGUMENT, PAYLOAD_TOO_LARGE */
export function checkNewExecution(execution: NewExecution, maxPayloadBytes: number): void {
  try {
    checkFields(execution, NEW_EXECUTION, maxPayloadBytes);
    const { status, owner, leaseMs, checkpoint } = execution;
    if (status === "running") {
      checkId(owner, "owner");
      checkLease(leaseMs, "leaseMs");
    } else if (owner !== undefined || leaseMs !== undefined) {
      throw invalid("owner", `goes with status "running" only, not with "${status}"`);
    }
    if (checkpoint.kind !== "snapshot") throw invalid("checkpoint.kind", 'must be "snapshot"');
  } catch (thrown) {
    throw refusalFor(thrown);
  }
}

/** Checks what {@link CheckpointStore.claimExecution} is given. @throws {WorkflowError} INVALID_ARGUMENT */
export function checkClaim(id: string, request: ClaimRequest): void {
  try {
    checkId(id, "id");
    checkFields(request, CLAIM);
  } catch (thrown) {
    throw refusalFor(thrown);
  }
}

/** Checks what {@link CheckpointStore.commit} is given. @throws {WorkflowError} INVALID_ARGUMENT, PAYLOAD_TOO_LARGE */
export function checkCommit(id: string, request: CommitRequest, maxPayloadBytes: number): void {
  try {
    checkId(id, "id");
    checkFields(request, COMMIT, maxPayloadBytes);
  } catch (thrown) {
    throw refusalFor(thrown);
  }
}

/** Checks what {@link CheckpointStore.readCheckpoints} is given. @throws {WorkflowError} INVALID_ARGUMENT */
export function checkReadCheckpoints(id: string, options: ReadCheckpointsOptions): void {
  try {
    checkId(id, "id");
    checkFields(options, READ);
  } catch (thrown) {
    throw refusalFor(thrown);
  }
}

/** A listing's conditions, checked and with its defaults filled in. */
export interface ListQuery extends Omit<ListExecutionsOptions, "status" | "cursor" | "limit" | "order"> {
  statuses?: readonly WorkflowStatus[];
  /** The last row of the page before. */
  after?: PagePosition;
  limit: number;
  order: "asc" | "desc";
}

/**
 * Checks what {@link CheckpointStore.listExecutions} is given.
 *
 * - A filter that is there but `undefined`, `null` or "" is refused: a filter that vanishes must never mean everything.
 *
 * @throws {WorkflowError} INVALID_ARGUMENT
 */
export function checkListExecutions(options: ListExecutionsOptions): ListQuery {
  try {
    checkFields(options, LIST);
    const { status, cursor, limit = DEFAULT_PAGE_SIZE, order = "desc", ...filters } = options;
    const query: ListQuery = { ...filters, limit, order };
    if (status !== undefined) query.statuses = typeof status === "string" ? [status] : [...status];
    if (cursor !== undefined) query.after = decodeCursor(cursor);
    return query;
  } catch (thrown) {
    throw refusalFor(thrown);
  }
}

/**
 * Checks what {@link CheckpointStore.deleteExecutions} is given.
 *
 * - A version or token that is there but `undefined` is refused: without them, more would be deleted.
 *
 * @throws {WorkflowError} INVALID_ARGUMENT
 */
export function checkDeleteExecutions(refs: readonly ExecutionRef[]): void {
  try {
    if (!Array.isArray(refs)) throw invalid("refs", "must be an array");
    for (let at = 0; at < refs.length; at++) checkFields(refs[at], REF);
  } catch (thrown) {
    throw refusalFor(thrown);
  }
}

/** Checks what {@link CheckpointStore.saveDefinition} is given. @throws {WorkflowError} INVALID_ARGUMENT, PAYLOAD_TOO_LARGE */
export function checkDefinition(hash: string, json: string, maxPayloadBytes: number): void {
  checkId(hash, "hash");
  checkPayload(json, "json", maxPayloadBytes);
}
