import type { ClaimRequest, CommitRequest, NewCheckpoint, NewExecution } from "../../src/store/index.ts";

/** An initial snapshot. */
export function newSnapshot({ id }: { id: string }): NewCheckpoint {
  return {
    ...{ id, kind: "snapshot", nodeId: "", nodeName: "", visit: 1, stepNumber: 0, attempt: 0, durationMs: 0 },
    ...{ payload: "{}", timestamp: 0 },
  };
}

/** Returns the request for a running execution whose lease has lapsed. */
export function newExecution(id: string): NewExecution {
  return {
    ...{ id, workflowId: "w", userId: "u", status: "running", currentStep: 0, totalSteps: 1, owner: "o", leaseMs: 0 },
    checkpoint: newSnapshot({ id: "c" }),
  };
}

export function newClaim(): ClaimRequest {
  return { claimId: "k", owner: "p", leaseMs: 1_000, from: ["running"] };
}

/** Returns a commit on the head of a new execution, with token 5. */
export function newCommit(): CommitRequest {
  return { commitId: "m", token: 5, version: 0 };
}
