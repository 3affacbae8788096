import type {
  ClaimRequest,
  CommitRequest,
  ExecutionRef,
  HeadUpdate,
  ListExecutionsOptions,
  NewCheckpoint,
  NewExecution,
  ReadCheckpointsOptions,
} from "../../store/checkpoint-store.ts";
import type { ConformanceCase } from "../case.ts";
import { atOnceCases } from "./at-once.ts";
import { commitFieldCases } from "./commit.ts";
import { createFieldCases } from "./create.ts";
import { queryFieldCases } from "./query.ts";
import { recordFieldCases } from "./record.ts";

/** Cases that test whether the fields of requests are kept. */
export const fieldCases: readonly ConformanceCase[] = [
  ...createFieldCases,
  ...commitFieldCases,
  ...recordFieldCases,
  ...queryFieldCases,
  ...atOnceCases,
];

type CasesOf<Request> = Readonly<Record<keyof Required<Request>, string>>;

/**
 * The id of the case that fails if a field is lost, for every field of every request.
 *
 * - If a field is added to the interface, this table does not compile until the field has a case.
 */
export const CASE_OF_FIELD: {
  create: CasesOf<NewExecution>;
  claim: CasesOf<ClaimRequest>;
  commit: CasesOf<CommitRequest>;
  head: CasesOf<HeadUpdate>;
  checkpoint: CasesOf<NewCheckpoint>;
  read: CasesOf<ReadCheckpointsOptions>;
  list: CasesOf<ListExecutionsOptions>;
  delete: CasesOf<ExecutionRef>;
} = {
  create: {
    id: "isolation/hostile-ids",
    workflowId: "fields/create-workflow-id",
    userId: "fields/create-user-id",
    status: "fields/create-status",
    currentStep: "fields/create-current-step",
    totalSteps: "fields/create-total-steps",
    owner: "fields/create-owner",
    leaseMs: "fields/create-lease-ms",
    definitionHash: "fields/create-definition-hash",
    parentId: "fields/create-parent-id",
    parentNodeId: "fields/create-parent-node-id",
    parentVisit: "fields/create-parent-visit",
    forkedFromId: "fields/create-forked-from-id",
    forkedFromSeq: "fields/create-forked-from-seq",
    metadata: "fields/create-metadata",
    wakeInMs: "fields/create-wake-in-ms",
    deadlineMs: "fields/create-deadline-ms",
    wakeAt: "fields/create-wake-at",
    failure: "fields/create-failure",
    createdAt: "fields/create-created-at",
    checkpoint: "fidelity/payloads",
  },
  claim: {
    claimId: "fencing/token-rises",
    owner: "fields/claim-owner",
    leaseMs: "fields/claim-lease-ms",
    from: "finality/claim-by-name",
    force: "fencing/cancel",
    cancel: "claims/cancel",
  },
  commit: {
    commitId: "retry-safety/other-commit",
    token: "fencing/old-token",
    version: "versions/stale",
    checkpoints: "versions/no-gaps",
    head: "fields/commit-current-step",
    leaseMs: "leases/renew",
    dropBefore: "history/drop",
  },
  head: {
    status: "fields/commit-status",
    currentStep: "fields/commit-current-step",
    totalSteps: "fields/commit-total-steps",
    wakeAt: "fields/commit-wake-at",
    wakeInMs: "fields/commit-wake-in-ms",
    waiting: "fields/commit-waiting",
    waitingCount: "fields/commit-waiting-count",
    failure: "fields/commit-failure",
    definitionHash: "fields/commit-definition-hash",
    endedAt: "fields/commit-ended-at",
  },
  checkpoint: {
    id: "fields/checkpoint-id",
    kind: "fields/checkpoint-kind",
    nodeId: "fields/checkpoint-node-id",
    nodeName: "fields/checkpoint-node-name",
    visit: "fields/checkpoint-visit",
    stepNumber: "fields/checkpoint-step-number",
    attempt: "fields/checkpoint-attempt",
    durationMs: "fields/checkpoint-duration-ms",
    payload: "fields/checkpoint-payload",
    timestamp: "fields/checkpoint-timestamp",
    error: "fields/checkpoint-error",
  },
  read: {
    from: "fields/read-from",
    to: "fields/read-to",
    limit: "history/limit",
    order: "history/order",
  },
  list: {
    workflowId: "fields/list-workflow-id",
    userId: "fields/list-user-id",
    status: "listing/status",
    leaseExpired: "listing/lapsed",
    due: "listing/due",
    parentId: "fields/list-parent-id",
    topLevel: "listing/top-level",
    createdAfter: "listing/created-after",
    createdBefore: "listing/created-before",
    endedAfter: "listing/ended-after",
    endedForMs: "listing/ended-for",
    cursor: "paging/walk",
    limit: "paging/default-limit",
    order: "listing/order",
  },
  delete: {
    id: "deletion/mixed",
    version: "deletion/changed-version",
    token: "deletion/changed-token",
  },
};
