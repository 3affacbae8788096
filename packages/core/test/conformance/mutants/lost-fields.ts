import type { CheckpointStore, NewExecution } from "@waymark/core";
import type { CASE_OF_FIELD } from "../../../src/conformance/fields/index.ts";
import type { Mutant } from "./mutant.ts";

type Requests = typeof CASE_OF_FIELD;
type RequestName = keyof Requests;
/** The value that a store has instead of a lost field. If absent, the field is absent. */
type Defaults<Name extends RequestName> = { [Field in keyof Requests[Name]]: { instead?: unknown } };

/** The current value of the head, so that the comparison always holds. */
const CURRENT = Symbol("current");

/** The value that a store writes or compares if it loses a field, for every field of every request. */
const LOST: { [Name in RequestName]: Defaults<Name> } = {
  create: {
    id: { instead: "e1" },
    workflowId: { instead: "workflow-1" },
    userId: { instead: "user-1" },
    status: { instead: "pending" },
    currentStep: { instead: 0 },
    totalSteps: { instead: 3 },
    owner: { instead: "owner-1" },
    leaseMs: { instead: 3_600_000 },
    definitionHash: {},
    parentId: {},
    parentNodeId: {},
    parentVisit: {},
    forkedFromId: {},
    forkedFromSeq: {},
    metadata: {},
    wakeAt: {},
    wakeInMs: {},
    deadlineMs: {},
    failure: {},
    createdAt: {},
    checkpoint: {
      instead: {
        ...{ id: "initial", kind: "snapshot", nodeId: "", nodeName: "", visit: 1, stepNumber: 0, attempt: 0 },
        ...{ durationMs: 0, payload: "{}", timestamp: 0 },
      },
    },
  },
  claim: {
    claimId: { instead: "claim" },
    owner: { instead: "owner-2" },
    leaseMs: { instead: 3_600_000 },
    from: { instead: ["pending", "running", "suspended", "completed", "failed", "cancelled"] },
    force: {},
    cancel: {},
  },
  commit: {
    commitId: { instead: "commit" },
    token: { instead: CURRENT },
    version: { instead: CURRENT },
    checkpoints: {},
    head: {},
    leaseMs: {},
    dropBefore: {},
  },
  head: {
    status: {},
    currentStep: {},
    totalSteps: {},
    wakeAt: {},
    wakeInMs: {},
    waiting: {},
    waitingCount: {},
    failure: {},
    definitionHash: {},
    endedAt: {},
  },
  checkpoint: {
    id: { instead: "checkpoint" },
    kind: { instead: "delta" },
    nodeId: { instead: "node-1" },
    nodeName: { instead: "Node 1" },
    visit: { instead: 1 },
    stepNumber: { instead: 1 },
    attempt: { instead: 1 },
    durationMs: { instead: 12 },
    payload: { instead: "{}" },
    timestamp: { instead: 1_700_000_000_000 },
    error: {},
  },
  read: { from: {}, to: {}, limit: {}, order: {} },
  list: {
    workflowId: {},
    userId: {},
    status: {},
    leaseExpired: {},
    due: {},
    parentId: {},
    topLevel: {},
    createdAfter: {},
    createdBefore: {},
    endedAfter: {},
    endedForMs: {},
    cursor: {},
    limit: {},
    order: {},
  },
  delete: { id: { instead: "e1" }, version: {}, token: {} },
};

/** Returns a mutant that loses one field of one request, or only of requests for which `where` holds. */
export function losing(
  request: RequestName,
  field: string,
  // biome-ignore lint/suspicious/noExplicitAny: the requests of every method
  where: (given: any) => boolean = () => true,
): Mutant {
  const { instead } = (LOST[request] as Record<string, { instead?: unknown }>)[field] ?? {};
  const lose = <T>(given: T): T => {
    if (!Object.hasOwn(given as object, field) || !where(given)) return given;
    const { [field]: _value, ...rest } = given as Record<string, unknown>;
    return (instead === undefined ? rest : { ...rest, [field]: instead }) as T;
  };
  return { fault: `loses ${field} of ${request}`, wrap: (store) => methods(store, lose)[request] };
}

function methods(store: CheckpointStore, lose: <T>(given: T) => T): Record<RequestName, Partial<CheckpointStore>> {
  const loseOwned = (execution: NewExecution): NewExecution => {
    const lost = lose(execution);
    if (lost.status === "running" || lost === execution) return lost;
    const { owner: _owner, leaseMs: _leaseMs, ...rest } = lost;
    return rest;
  };
  return {
    create: { createExecution: (execution) => store.createExecution(loseOwned(execution)) },
    claim: { claimExecution: (id, request) => store.claimExecution(id, lose(request)) },
    commit: {
      commit: async (id, request) => {
        const lost = lose(request);
        const head = await store.getExecution(id);
        const current = (name: "token" | "version") =>
          (lost[name] as unknown) === CURRENT ? head?.[name] : lost[name];
        return store.commit(id, { ...lost, token: current("token") ?? 0, version: current("version") ?? 0 });
      },
    },
    head: {
      commit: (id, request) =>
        store.commit(id, request.head === undefined ? request : { ...request, head: lose(request.head) }),
    },
    checkpoint: {
      createExecution: (execution) =>
        store.createExecution({ ...execution, checkpoint: { ...lose(execution.checkpoint), kind: "snapshot" } }),
      commit: (id, request) =>
        store.commit(
          id,
          request.checkpoints === undefined ? request : { ...request, checkpoints: request.checkpoints.map(lose) },
        ),
    },
    read: { readCheckpoints: (id, options = {}) => store.readCheckpoints(id, lose(options)) },
    list: { listExecutions: (options = {}) => store.listExecutions(lose(options)) },
    delete: { deleteExecutions: (refs) => store.deleteExecutions(refs.map((ref) => lose(ref))) },
  };
}
