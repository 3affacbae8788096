import { losing } from "./lost-fields.ts";
import type { Mutants } from "./mutant.ts";

/*
 * Mutants that lose a field. A field on which many promises depend is lost only with one value, or only together with
 * certain other fields, so that few cases besides the field's own fail. Duplicated statements have such faults.
 */
export const fieldMutants: Mutants = {
  "fields/create-workflow-id": losing("create", "workflowId", ({ workflowId }) => workflowId === "billing"),
  "fields/create-user-id": losing("create", "userId", ({ userId }) => userId === "bob"),
  "fields/create-status": losing("create", "status", ({ status, parentId }) => status === "failed" && parentId),
  "fields/create-current-step": losing("create", "currentStep"),
  "fields/create-total-steps": losing("create", "totalSteps"),
  "fields/create-owner": losing("create", "owner"),
  "fields/create-lease-ms": losing("create", "leaseMs", ({ leaseMs }) => leaseMs > 2 ** 31),
  "fields/create-definition-hash": losing("create", "definitionHash", ({ definitionHash }) => definitionHash === "$1"),
  "fields/create-parent-id": losing("create", "parentId", ({ parentId }) => parentId === "parent-1"),
  "fields/create-parent-node-id": losing("create", "parentNodeId"),
  "fields/create-parent-visit": losing("create", "parentVisit"),
  "fields/create-forked-from-id": losing("create", "forkedFromId"),
  "fields/create-forked-from-seq": losing("create", "forkedFromSeq"),
  "fields/create-metadata": losing("create", "metadata", ({ metadata }) => metadata.trace),
  "fields/create-wake-in-ms": losing("create", "wakeInMs"),
  "fields/create-deadline-ms": losing("create", "deadlineMs", ({ deadlineMs }) => deadlineMs > 2 ** 31),
  "fields/create-wake-at": losing("create", "wakeAt", ({ wakeAt }) => wakeAt > 8e15),
  "fields/create-failure": losing("create", "failure", ({ status }) => status !== "running"),
  "fields/create-created-at": losing(
    "create",
    "createdAt",
    ({ createdAt }) => createdAt > 2 ** 40 && createdAt < 2 ** 41,
  ),
  "fields/claim-owner": losing("claim", "owner", ({ from, owner }) => from[0] === "failed" && owner !== "owner-9"),
  "fields/claim-lease-ms": losing("claim", "leaseMs", ({ leaseMs }) => leaseMs > 2 ** 31),
  "fields/commit-status": losing("head", "status", ({ definitionHash, failure }) => definitionHash && failure),
  "fields/commit-current-step": losing("head", "currentStep", ({ currentStep }) => currentStep > 2 ** 31),
  "fields/commit-total-steps": losing("head", "totalSteps"),
  "fields/commit-wake-at": losing("head", "wakeAt", ({ wakeAt }) => wakeAt > 8e15),
  "fields/commit-wake-in-ms": losing("head", "wakeInMs", ({ wakeInMs }) => wakeInMs > 2 ** 31),
  "fields/commit-waiting": losing("head", "waiting", ({ waiting }) => waiting === null),
  "fields/commit-waiting-count": losing("head", "waitingCount", ({ waitingCount }) => waitingCount === null),
  "fields/commit-failure": losing("head", "failure"),
  "fields/commit-definition-hash": losing("head", "definitionHash", ({ definitionHash }) => definitionHash === "$1"),
  "fields/commit-ended-at": losing("head", "endedAt", ({ status }) => status === "completed"),
  "fields/checkpoint-id": losing("checkpoint", "id", ({ id }) => id.includes("é")),
  "fields/checkpoint-kind": losing("checkpoint", "kind", ({ error, kind }) => error && kind === "save"),
  "fields/checkpoint-node-id": losing("checkpoint", "nodeId", ({ nodeId }) => nodeId === ""),
  "fields/checkpoint-node-name": losing("checkpoint", "nodeName"),
  "fields/checkpoint-visit": losing("checkpoint", "visit"),
  "fields/checkpoint-step-number": losing("checkpoint", "stepNumber", ({ stepNumber }) => stepNumber > 32_767),
  "fields/checkpoint-attempt": losing("checkpoint", "attempt"),
  "fields/checkpoint-duration-ms": losing("checkpoint", "durationMs"),
  "fields/checkpoint-payload": losing("checkpoint", "payload", ({ payload, attempt }) => payload && attempt > 9),
  "fields/checkpoint-timestamp": losing("checkpoint", "timestamp"),
  "fields/checkpoint-error": losing("checkpoint", "error"),
  "fields/list-workflow-id": losing("list", "workflowId", ({ workflowId }) => workflowId === "w1"),
  "fields/list-user-id": losing("list", "userId", ({ workflowId }) => workflowId === "w1"),
  "fields/list-parent-id": losing("list", "parentId", ({ parentId }) => parentId === "p1"),
  "fields/read-from": losing("read", "from"),
  "fields/read-to": losing("read", "to"),
  "fields/at-once": {
    fault: "has no column for the definition in the statement of many commits",
    wrap: (store, { notes }) => ({
      commit: async (id, request) => {
        const others = Number(notes.get("in flight") ?? 0);
        notes.set("in flight", others + 1);
        await null;
        notes.set("in flight", Number(notes.get("in flight")) - 1);
        if (others < 10 || request.head === undefined) return store.commit(id, request);
        const { definitionHash: _definitionHash, ...head } = request.head;
        return store.commit(id, { ...request, head });
      },
    }),
  },
};
