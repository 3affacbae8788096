import { randomUUID } from "node:crypto";
import type { CommitRequest, NewCheckpoint, NewExecution } from "@waymark/core";

/** Returns a checkpoint with a value in every field. `changes` replaces some of them. */
export function newCheckpoint(changes: Partial<NewCheckpoint> = {}): NewCheckpoint {
  return {
    id: randomUUID(),
    kind: "delta",
    nodeId: "n1",
    nodeName: "Node 1",
    visit: 1,
    stepNumber: 1,
    attempt: 1,
    durationMs: 1.5,
    payload: '{"set":{"a":1}}',
    timestamp: 1_700_000_000_000,
    ...changes,
  };
}

/** Returns the request for a running execution with a lease of a minute. `changes` replaces some of its fields. */
export function newExecution(id: string, changes: Partial<NewExecution> = {}): NewExecution {
  return {
    id,
    workflowId: "w1",
    userId: "u1",
    status: "running",
    currentStep: 0,
    totalSteps: 3,
    owner: "o1",
    leaseMs: 60_000,
    checkpoint: newCheckpoint({ kind: "snapshot", nodeId: "", nodeName: "", stepNumber: 0, payload: "{}" }),
    ...changes,
  };
}

/** Returns a commit of one checkpoint on a head. */
export function newCommit(
  head: { token: number; version: number },
  changes: Partial<CommitRequest> = {},
): CommitRequest {
  const { token, version } = head;
  return { commitId: randomUUID(), token, version, checkpoints: [newCheckpoint()], ...changes };
}
