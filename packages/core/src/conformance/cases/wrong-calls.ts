import type { CheckpointStore, NewCheckpoint } from "../../store/checkpoint-store.ts";
import { newCheckpoint, newClaim, newCommit, newExecution } from "../fixtures.ts";

/** Calls with one mistake each. The key describes the mistake. */
export function wrongCalls(
  store: CheckpointStore,
  head: { token: number; version: number },
): Record<string, () => Promise<unknown>> {
  // biome-ignore lint/suspicious/noExplicitAny: wrong on purpose, as a caller without types can be
  const wrong = (value: unknown) => value as any;
  const create = (changes: object) => () => store.createExecution({ ...newExecution("e2"), ...changes });
  const claim = (changes: object) => () => store.claimExecution("e1", { ...newClaim(), ...changes });
  const commit = (changes: object) => () => store.commit("e1", { ...newCommit(head), ...changes });
  const commitWith = (changes: Partial<NewCheckpoint>) => commit({ checkpoints: [newCheckpoint(changes)] });
  return {
    "createExecution without an object": () => store.createExecution(wrong(undefined)),
    "createExecution with an unknown status": create({ status: "done" }),
    "createExecution with a negative currentStep": create({ currentStep: -1 }),
    "createExecution with a fraction as totalSteps": create({ totalSteps: 1.5 }),
    "createExecution running without an owner": create({ owner: undefined }),
    "createExecution running without a lease": create({ leaseMs: undefined }),
    "createExecution pending with an owner": create({ status: "pending" }),
    "createExecution without a checkpoint": create({ checkpoint: undefined }),
    "createExecution with a delta": create({ checkpoint: newCheckpoint() }),
    "createExecution with a negative leaseMs": create({ leaseMs: -1 }),
    "createExecution with NaN as wakeAt": create({ wakeAt: Number.NaN }),
    "createExecution with a text as failure": create({ failure: "boom" }),
    "claimExecution without an object": () => store.claimExecution("e1", wrong(undefined)),
    "claimExecution from nothing": claim({ from: [] }),
    "claimExecution from an unknown status": claim({ from: ["running", "done"] }),
    "claimExecution with from as a text": claim({ from: "running" }),
    "claimExecution with Infinity as leaseMs": claim({ leaseMs: Number.POSITIVE_INFINITY }),
    "commit without an object": () => store.commit("e1", wrong(undefined)),
    "commit without a token": commit({ token: undefined }),
    "commit with a text as version": commit({ version: "0" }),
    "commit with a negative leaseMs": commit({ leaseMs: -1 }),
    "commit with a fraction as dropBefore": commit({ dropBefore: 0.5 }),
    "commit with an unknown status": commit({ head: { status: "done" } }),
    "commit with a negative currentStep": commit({ head: { currentStep: -1 } }),
    "commit with NaN as wakeAt": commit({ head: { wakeAt: Number.NaN } }),
    "commit with an unknown kind": commitWith({ kind: wrong("other") }),
    "commit with a negative durationMs": commitWith({ durationMs: -1 }),
    "commit with NaN as timestamp": commitWith({ timestamp: Number.NaN }),
    "commit with an object as payload": commitWith({ payload: wrong({ a: 1 }) }),
    "commit with an error without a message": commitWith({ error: wrong({ code: "X" }) }),
    "commit with a failure without a code": commit({ head: { failure: { message: "x" } } }),
    "readCheckpoints with a negative limit": () => store.readCheckpoints("e1", { limit: -1 }),
    "readCheckpoints with a fraction as from": () => store.readCheckpoints("e1", { from: 0.5 }),
    "readCheckpoints with an unknown order": () => store.readCheckpoints("e1", { order: wrong("up") }),
    "listExecutions with limit 0": () => store.listExecutions({ limit: 0 }),
    "listExecutions with limit 1001": () => store.listExecutions({ limit: 1_001 }),
    "listExecutions with an unknown status": () => store.listExecutions({ status: wrong("done") }),
    "listExecutions with an object as status": () => store.listExecutions({ status: wrong({}) }),
    "listExecutions with a text as leaseExpired": () => store.listExecutions({ leaseExpired: wrong("yes") }),
    "listExecutions with an unknown order": () => store.listExecutions({ order: wrong("up") }),
    "listExecutions with a text as cursor": () => store.listExecutions({ cursor: "not a cursor" }),
    "listExecutions with NaN as createdBefore": () => store.listExecutions({ createdBefore: Number.NaN }),
    "deleteExecutions without a list": () => store.deleteExecutions(wrong(undefined)),
    "deleteExecutions with an undefined version": () =>
      store.deleteExecutions([wrong({ id: "e1", version: undefined })]),
    "deleteUnusedDefinitions without an object": () => store.deleteUnusedDefinitions(wrong(undefined)),
    "deleteUnusedDefinitions without an age": () => store.deleteUnusedDefinitions(wrong({})),
    "deleteUnusedDefinitions of less than ten minutes": () => store.deleteUnusedDefinitions({ olderThanMs: 599_999 }),
    "deleteUnusedDefinitions with an unknown field": () =>
      store.deleteUnusedDefinitions(wrong({ olderThanMs: 600_000, userId: "user-1" })),
    "saveDefinition with an object": () => store.saveDefinition("hash-1", wrong({ a: 1 })),
  };
}
