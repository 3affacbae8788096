import { randomUUID } from "node:crypto";
import type { CheckpointStore, ExecutionRecord, WorkflowStatus } from "@waymark/core";

/** The one execution that everybody is after. */
export const ID = "e1";

/** The state of an actor: the head that its last call, or the preparation, has returned. */
export interface Knowledge {
  head?: ExecutionRecord;
}

/** One call. Its outcome must be the same on the model. */
export type Call = (store: CheckpointStore, knowledge: Knowledge) => Promise<unknown>;

/** The outcome of a call, without the times and the values of tokens, which differ between stores. */
export async function outcomeOf(call: Promise<unknown>): Promise<string> {
  try {
    return JSON.stringify((await call) ?? "done");
  } catch (error) {
    return String((error as { code?: string }).code ?? error);
  }
}

export function describeHead(head: ExecutionRecord | undefined): unknown {
  if (head === undefined) return "none";
  const { status, version, seq, owner, workflowId, wakeAt } = head;
  return [workflowId, status, version, seq, owner ?? "", wakeAt ?? ""];
}

/** Creates the execution. The workflow's id names the actor. */
export const create =
  (
    workflowId: string,
    status: "running" | "failed" | "pending" = "running",
    { leaseMs = 60_000, ...more }: { wakeAt?: number; leaseMs?: number } = {},
  ): Call =>
  async (store, knowledge) => {
    const lease = status === "running" ? { owner: workflowId, leaseMs } : {};
    knowledge.head = await store.createExecution({
      id: ID,
      workflowId,
      userId: "u1",
      status,
      currentStep: 0,
      totalSteps: 1,
      ...lease,
      ...more,
      checkpoint: { ...checkpoint(), kind: "snapshot" },
    });
    return describeHead(knowledge.head);
  };

export const claim =
  (owner: string): Call =>
  async (store, knowledge) => {
    const from: WorkflowStatus[] = ["running", "suspended", "failed", "completed"];
    knowledge.head = await store.claimExecution(ID, {
      claimId: randomUUID(),
      owner,
      leaseMs: 60_000,
      from,
      force: true,
    });
    return describeHead(knowledge.head);
  };

/** Claims it if its lease has lapsed, as a recovery does. */
export const recover =
  (owner: string): Call =>
  async (store, knowledge) => {
    const claim = { claimId: randomUUID(), owner, leaseMs: 60_000, from: ["running"] as const };
    knowledge.head = await store.claimExecution(ID, claim);
    return describeHead(knowledge.head);
  };

/** Gives it back as it was found: running under a lease that has lapsed. */
export const putBack: Call = async (store, knowledge) => {
  const { token = 1, version = 0 } = knowledge.head ?? {};
  await store.commit(ID, { commitId: randomUUID(), token, version, leaseMs: 0 });
};

/** Commits a checkpoint and a status on the head that it knows, and continues from there. */
export const commit =
  (status: WorkflowStatus, more: { wakeAt?: number | null } = {}): Call =>
  async (store, knowledge) => {
    const { token = 1, version = 0 } = knowledge.head ?? {};
    const head = { status, ...more };
    await store.commit(ID, { commitId: randomUUID(), token, version, checkpoints: [checkpoint()], head });
    if (knowledge.head !== undefined) knowledge.head = { ...knowledge.head, version: version + 1 };
  };

/** Deletes it as it was known. */
export const remove: Call = async (store, knowledge) => {
  const { token = 1, version = 0 } = knowledge.head ?? {};
  return store.deleteExecutions([{ id: ID, version, token }]);
};

function checkpoint() {
  const id = randomUUID();
  return {
    id,
    kind: "delta" as const,
    nodeId: "n",
    nodeName: "n",
    visit: 1,
    stepNumber: 1,
    attempt: 1,
    durationMs: 0,
    payload: "{}",
    timestamp: 0,
  };
}
