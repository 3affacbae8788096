import type {
  CheckpointStore,
  ClaimRequest,
  CommitRequest,
  ExecutionRecord,
  NewCheckpoint,
  NewExecution,
} from "../store/checkpoint-store.ts";
import { ConformanceFailure } from "./assert.ts";

/** A lease that does not lapse while a case runs, in milliseconds. */
export const LONG_LEASE_MS = 3_600_000;

let lastId = 0;

/** Returns an id that no other call in this process returns. */
export function uniqueId(prefix: string): string {
  lastId += 1;
  return `${prefix}-${lastId}`;
}

/**
 * Returns a delta with a value in every required field. Its payload is not in core's format, because a store does not
 * interpret payloads.
 */
export function newCheckpoint(changes: Partial<NewCheckpoint> = {}): NewCheckpoint {
  return {
    id: uniqueId("checkpoint"),
    kind: "delta",
    nodeId: "node-1",
    nodeName: "Node 1",
    visit: 1,
    stepNumber: 1,
    attempt: 1,
    durationMs: 12,
    payload: '{"v":1,"set":{"total":3}}',
    timestamp: 1_700_000_000_000,
    ...changes,
  };
}

/** Returns an initial snapshot with a value in every required field. */
export function newSnapshot(changes: Partial<NewCheckpoint> = {}): NewCheckpoint {
  return newCheckpoint({ kind: "snapshot", stepNumber: 0, payload: '{"v":1,"value":{"total":0}}', ...changes });
}

/** Returns the request for a running execution, owned by `owner-1` with a long lease. */
export function newExecution(id: string, changes: Partial<NewExecution> = {}): NewExecution {
  return {
    id,
    workflowId: "workflow-1",
    userId: "user-1",
    status: "running",
    currentStep: 0,
    totalSteps: 3,
    owner: "owner-1",
    leaseMs: LONG_LEASE_MS,
    checkpoint: newSnapshot(),
    ...changes,
  };
}

/** Returns the request for a pending execution, which nobody owns. */
export function newPending(id: string, changes: Partial<NewExecution> = {}): NewExecution {
  const { owner: _owner, leaseMs: _leaseMs, ...rest } = newExecution(id);
  return { ...rest, status: "pending", ...changes };
}

/** Returns a commit on top of `base` that appends a checkpoint. */
export function newCommit(
  base: { token: number; version: number },
  changes: Partial<CommitRequest> = {},
): CommitRequest {
  return {
    commitId: uniqueId("commit"),
    token: base.token,
    version: base.version,
    checkpoints: [newCheckpoint()],
    ...changes,
  };
}

/** Returns a commit on top of `base` that changes the head only. */
export function newHeadCommit(base: { token: number; version: number }, head: CommitRequest["head"]): CommitRequest {
  const { checkpoints: _checkpoints, ...request } = newCommit(base);
  return head === undefined ? request : { ...request, head };
}

/** Returns a claim of a running execution by `owner-2`, with a long lease. */
export function newClaim(changes: Partial<ClaimRequest> = {}): ClaimRequest {
  return { claimId: uniqueId("claim"), owner: "owner-2", leaseMs: LONG_LEASE_MS, from: ["running"], ...changes };
}

/** Returns the head of an execution. Fails if it does not exist. */
export async function headOf(store: CheckpointStore, id: string): Promise<ExecutionRecord> {
  const head = await store.getExecution(id);
  if (head === undefined)
    throw new ConformanceFailure(`getExecution("${id}") must return the execution that was created.`);
  return head;
}

/** Returns everything that a store keeps of an execution, for comparison with a later state. */
export async function everythingOf(store: CheckpointStore, id: string): Promise<unknown> {
  return { head: await headOf(store, id), records: await store.readCheckpoints(id) };
}
