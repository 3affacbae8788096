import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import {
  type CheckpointStore,
  type ClaimRequest,
  type CommitRequest,
  type ExecutionRef,
  type HeadUpdate,
  isWorkflowError,
  type ListExecutionsOptions,
  type NewCheckpoint,
  type NewExecution,
  type ReadCheckpointsOptions,
  type WaitingNode,
} from "../../src/index.ts";
import {
  checkClaim,
  checkCommit,
  checkDefinition,
  checkDeleteExecutions,
  checkId,
  checkListExecutions,
  checkNewExecution,
  checkReadCheckpoints,
  encodeCursor,
  MAX_LEASE_MS,
  MAX_NAME_BYTES,
  MAX_TIME_MS,
} from "../../src/store/index.ts";
import { oddValue, spoiled } from "./odd-values.ts";

const MAX_BYTES = 1_000;
const failure = { code: "NODE_FAILED", message: "down", nodeId: "a", attempts: 2 };
const checkpoint: Required<NewCheckpoint> = {
  ...{ id: "c", kind: "delta", nodeId: "a", nodeName: "A", visit: 1, stepNumber: 1, attempt: 1 },
  ...{ durationMs: 0.5, payload: "[1]", timestamp: 1, error: failure },
};
const execution: Required<Omit<NewExecution, "wakeInMs">> = {
  ...{ id: "e1", workflowId: "w", userId: "u", status: "running", currentStep: 0, totalSteps: 2, owner: "o" },
  ...{ leaseMs: 0, definitionHash: "h", wakeAt: 5, deadlineMs: 5, failure, createdAt: 5 },
  ...{ parentId: "p", parentNodeId: "a", parentVisit: 2, forkedFromId: "f", forkedFromSeq: 3, metadata: { tag: "a" } },
  checkpoint: { ...checkpoint, kind: "snapshot" },
};
const claim: Required<ClaimRequest> = {
  ...{ claimId: "k", owner: "o", leaseMs: 1, from: ["running"], force: true },
  cancel: failure,
};
const waiting: Required<WaitingNode> = { nodeId: "a", nodeName: "A", visit: 1, reason: "why", since: 1, until: 2 };
const head: Required<Omit<HeadUpdate, "wakeInMs">> = {
  ...{ status: "failed", currentStep: 1, totalSteps: 2, wakeAt: 1, waiting: [waiting], waitingCount: 1 },
  ...{ failure, definitionHash: "h", endedAt: 5 },
};
const commit: Required<CommitRequest> & { head: typeof head } = {
  ...{ commitId: "m", token: 1, version: 0, checkpoints: [checkpoint], leaseMs: 1, dropBefore: 0 },
  head,
};
const read: Required<ReadCheckpointsOptions> = { from: 0, to: 1, limit: 1, order: "asc" };
const list: Omit<Required<ListExecutionsOptions>, "due" | "leaseExpired" | "topLevel"> = {
  ...{ workflowId: "w", userId: "u", status: ["failed"], parentId: "p", createdAfter: 1, endedAfter: 1 },
  ...{
    createdBefore: 9,
    endedForMs: 1,
    cursor: encodeCursor("createdAt", { time: 1, id: "e" }),
    limit: 1,
    order: "asc",
  },
};
const refs: Required<ExecutionRef>[] = [{ id: "e1", version: 0, token: 1 }];

/** Returns the code of the error that a call throws, or `undefined`. Any other error is returned itself. */
function codeOf(call: () => unknown): unknown {
  try {
    call();
    return undefined;
  } catch (error) {
    return isWorkflowError(error) ? error.code : error;
  }
}

describe("the checks of a store's arguments", () => {
  it("accept every field of the interface", () => {
    checkNewExecution(execution, MAX_BYTES);
    checkClaim("e1", claim);
    checkCommit("e1", commit, MAX_BYTES);
    checkReadCheckpoints("e1", read);
    checkDeleteExecutions(refs);
    expect(checkListExecutions(list)).toMatchObject({ statuses: ["failed"], after: { time: 1, id: "e" } });
  });

  it("accept endedAt only with a status that ends the execution", () => {
    for (const status of [undefined, "running", "pending", "suspended"] as const) {
      const head = { ...(status && { status }), endedAt: 5 };
      expect(codeOf(() => checkCommit("e1", { ...commit, head }, MAX_BYTES))).toBe("INVALID_ARGUMENT");
    }
  });

  const arbitraryCalls: [string, fc.Arbitrary<() => unknown>][] = [
    ["checkNewExecution", spoiled(execution).map((make) => () => checkNewExecution(make(), MAX_BYTES))],
    ["checkClaim", spoiled(claim).map((make) => () => checkClaim("e1", make()))],
    ["checkCommit", spoiled(commit).map((make) => () => checkCommit("e1", make(), MAX_BYTES))],
    ["checkReadCheckpoints", spoiled(read).map((make) => () => checkReadCheckpoints("e1", make()))],
    ["checkListExecutions", spoiled(list).map((make) => () => checkListExecutions(make()))],
    ["checkDeleteExecutions", spoiled(refs).map((make) => () => checkDeleteExecutions(make()))],
    ["an odd value as the whole argument", oddValue.map((make) => () => callAll(make()))],
  ];

  it.each(arbitraryCalls)("%s: an odd value is accepted or refused with a code", (_what, calls) => {
    const property = fc.property(calls, (call) => {
      expect([undefined, "INVALID_ARGUMENT", "PAYLOAD_TOO_LARGE"]).toContain(codeOf(call));
    });
    fc.assert(property, { numRuns: 500 });
  });

  it.each<[string, object, (value: never) => unknown]>([
    ["createExecution", execution, (value) => checkNewExecution(value, MAX_BYTES)],
    ["claimExecution", claim, (value) => checkClaim("e1", value)],
    ["commit", commit, (value) => checkCommit("e1", value, MAX_BYTES)],
    ["readCheckpoints", read, (value) => checkReadCheckpoints("e1", value)],
    ["listExecutions", list, (value) => checkListExecutions(value)],
    ["deleteExecutions", refs[0] as object, (value) => checkDeleteExecutions([value])],
  ])("%s refuses a misspelt name and names the one that was meant", (_method, valid, check) => {
    for (const name of Object.keys(valid)) {
      const { [name]: value, ...rest } = valid as Record<string, unknown>;
      const misspelt = name.length === 2 ? `${name}x` : name.toUpperCase();
      expect(() => check({ ...rest, [misspelt]: value } as never)).toThrow(`did you mean "${name}"?`);
      expect(codeOf(() => check({ ...valid, [misspelt]: undefined } as never))).toBe("INVALID_ARGUMENT");
    }
  });

  it("refuse unknown names in nested objects", () => {
    const create = { ...execution, checkpoint: { ...execution.checkpoint, paylod: "" } };
    expect(() => checkNewExecution(create, MAX_BYTES)).toThrow('did you mean "payload"?');
    const head = { ...commit, head: { ...commit.head, definitionhash: "x" } };
    expect(() => checkCommit("e1", head, MAX_BYTES)).toThrow('did you mean "definitionHash"?');
    expect(() => checkClaim("e1", { ...claim, "\n": 1 } as never)).toThrow('"\\u000a" is not a known field');
  });

  it("treat an explicit undefined as absent, except in a field that narrows a call", () => {
    const absent = { owner: undefined, leaseMs: undefined, status: "pending", parentId: undefined, wakeAt: undefined };
    expect(codeOf(() => checkNewExecution({ ...execution, ...absent } as never, MAX_BYTES))).toBeUndefined();
    const head = Object.fromEntries(Object.keys(commit.head).map((name) => [name, undefined]));
    const without = { checkpoints: undefined, leaseMs: undefined, dropBefore: undefined };
    for (const changes of [
      { ...without, head },
      { ...without, head: undefined },
    ]) {
      expect(codeOf(() => checkCommit("e1", { ...commit, ...changes } as never, MAX_BYTES))).toBeUndefined();
    }
    const paging = { limit: undefined, order: undefined, cursor: undefined };
    expect(checkListExecutions({ ...list, ...paging } as never)).toMatchObject({ limit: 100, order: "desc" });
    for (const filter of ["workflowId", "userId", "status", "leaseExpired", "due", "parentId", "createdBefore"]) {
      for (const vanished of [undefined, null, ""]) {
        expect(
          codeOf(() => checkListExecutions({ [filter]: vanished })),
          filter,
        ).toBe("INVALID_ARGUMENT");
      }
    }
    for (const name of ["version", "token"]) {
      for (const vanished of [undefined, null]) {
        expect(
          codeOf(() => checkDeleteExecutions([{ id: "e1", [name]: vanished }])),
          name,
        ).toBe("INVALID_ARGUMENT");
      }
    }
  });

  it("refuse times that no Date can hold, and leases of more than a hundred years", () => {
    const late = MAX_TIME_MS + 1;
    const create = (changes: object) => codeOf(() => checkNewExecution({ ...execution, ...changes }, MAX_BYTES));
    const write = (changes: object) => codeOf(() => checkCommit("e1", { ...commit, ...changes }, MAX_BYTES));
    expect([create({ wakeAt: MAX_TIME_MS }), create({ leaseMs: MAX_LEASE_MS })]).toEqual([undefined, undefined]);
    expect(create({ wakeAt: late })).toBe("INVALID_ARGUMENT");
    expect(create({ checkpoint: { ...execution.checkpoint, timestamp: late } })).toBe("INVALID_ARGUMENT");
    expect(write({ head: { wakeAt: late } })).toBe("INVALID_ARGUMENT");
    expect(write({ checkpoints: [{ ...checkpoint, timestamp: late }] })).toBe("INVALID_ARGUMENT");
    expect(codeOf(() => checkListExecutions({ createdBefore: late }))).toBe("INVALID_ARGUMENT");
    const cursor = encodeCursor("createdAt", { time: late, id: "e" });
    expect(codeOf(() => checkListExecutions({ cursor }))).toBe("INVALID_ARGUMENT");
    for (const leaseMs of [MAX_LEASE_MS + 1, Number.MAX_SAFE_INTEGER]) {
      expect(create({ leaseMs })).toBe("INVALID_ARGUMENT");
      expect(write({ leaseMs })).toBe("INVALID_ARGUMENT");
      expect(codeOf(() => checkClaim("e1", { ...claim, leaseMs }))).toBe("INVALID_ARGUMENT");
    }
  });

  it("limit texts by their bytes, not by their characters", () => {
    const write = (changes: object) =>
      codeOf(() => checkCommit("e1", { ...commit, checkpoints: [{ ...checkpoint, ...changes }] }, MAX_BYTES));
    expect(write({ nodeId: "é".repeat(256), nodeName: "é".repeat(MAX_NAME_BYTES / 2) })).toBeUndefined();
    expect(write({ nodeId: "é".repeat(257) })).toBe("INVALID_ARGUMENT");
    expect(write({ nodeName: "é".repeat(MAX_NAME_BYTES / 2 + 1) })).toBe("INVALID_ARGUMENT");
    expect(write({ payload: "é".repeat(MAX_BYTES / 2 + 1) })).toBe("PAYLOAD_TOO_LARGE");
    expect(codeOf(() => checkId("é".repeat(257), "id"))).toBe("INVALID_ARGUMENT");
  });
});

describe("a store given odd values", () => {
  const calls: fc.Arbitrary<(store: CheckpointStore) => Promise<unknown>> = fc.oneof(
    spoiled(execution).map((make) => (store: CheckpointStore) => store.createExecution(make())),
    spoiled(claim).map((make) => (store: CheckpointStore) => store.claimExecution("e1", make())),
    spoiled(commit).map((make) => (store: CheckpointStore) => store.commit("e1", make())),
    spoiled(read).map((make) => (store: CheckpointStore) => store.readCheckpoints("e1", make())),
    spoiled(list).map((make) => (store: CheckpointStore) => store.listExecutions(make())),
    spoiled(refs).map((make) => (store: CheckpointStore) => store.deleteExecutions(make())),
  );

  it("makes the call, or refuses it with a code and writes nothing", async () => {
    const property = fc.asyncProperty(calls, async (call) => {
      const store = new MemoryCheckpointStore({ maxPayloadBytes: MAX_BYTES });
      await store.createExecution({ ...execution, checkpoint: { ...execution.checkpoint, id: "first" } });
      const before = await everythingIn(store);
      const error: unknown = await call(store).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      if (error === undefined) return;
      expect(isWorkflowError(error), String(error)).toBe(true);
      expect(await everythingIn(store)).toEqual(before);
    });
    await fc.assert(property, { numRuns: 500 });
  });
});

async function everythingIn(store: CheckpointStore): Promise<object> {
  const { items } = await store.listExecutions();
  return { heads: items.map((head) => ({ ...head, readAt: undefined })), records: await store.readCheckpoints("e1") };
}

// biome-ignore lint/suspicious/noExplicitAny: wrong on purpose
function callAll(value: any): void {
  const checks = [
    () => checkNewExecution(value, MAX_BYTES),
    () => checkClaim("e1", value),
    () => checkClaim(value, claim),
    () => checkCommit("e1", value, MAX_BYTES),
    () => checkCommit(value, commit, MAX_BYTES),
    () => checkReadCheckpoints("e1", value),
    () => checkListExecutions(value),
    () => checkDeleteExecutions(value),
    () => checkDeleteExecutions([value]),
    () => checkDefinition(value, "{}", MAX_BYTES),
    () => checkDefinition("h", value, MAX_BYTES),
    () => checkId(value, "id"),
  ];
  for (const check of checks) {
    expect([undefined, "INVALID_ARGUMENT", "PAYLOAD_TOO_LARGE"]).toContain(codeOf(check));
  }
}
