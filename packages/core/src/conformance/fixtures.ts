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

/** An id that no other call of this process has given. */
export function uniqueId(prefix: string): string {
  lastId += 1;
  return `${prefix}-${lastId}`;
}

/** A delta with something in every field that must be there. Payloads are opaque to a store: this one is not in the format of core. */
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

/** An initial snapshot, to the same purpose. */
export function newSnapshot(changes: Partial<NewCheckpoint> = {}): NewCheckpoint {
  return newCheckpoint({ kind: "snapshot", stepNumber: 0, payload: '{"v":1,"value":{"total":0}}', ...changes });
}

/** A running execution, owned by `owner-1` under a long lease. */
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

/** An execution that nobody owns. */
export function newPending(id: string, changes: Partial<NewExecution> = {}): NewExecution {
  const { owner: _owner, leaseMs: _leaseMs, ...rest } = newExecution(id);
  return { ...rest, status: "pending", ...changes };
}

/** A commit on top of `base` that appends a checkpoint. */
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

/** A commit on top of `base` that changes the head only. */
export function newHeadCommit(base: { token: number; version: number }, head: CommitRequest["head"]): CommitRequest {
  const { checkpoints: _checkpoints, ...request } = newCommit(base);
  return head === undefined ? request : { ...request, head };
}

/** A claim by `owner-2` under a long lease, of a running execution. */
export function newClaim(changes: Partial<ClaimRequest> = {}): ClaimRequest {
  return { claimId: uniqueId("claim"), owner: "owner-2", leaseMs: LONG_LEASE_MS, from: ["running"], ...changes };
}

/** The head of an execution that must be there. */
export async function headOf(store: CheckpointStore, id: string): Promise<ExecutionRecord> {
  const head = await store.getExecution(id);
  if (head === undefined)
    throw new ConformanceFailure(`getExecution("${id}") must find the execution that was created.`);
  return head;
}

/** Everything a store keeps of an execution, to be compared with what it keeps later. */
export async function everythingOf(store: CheckpointStore, id: string): Promise<unknown> {
  return { head: await headOf(store, id), records: await store.readCheckpoints(id) };
}
