import { expect, it, vi } from "vitest";
import type { WorkflowError } from "../../src/index.ts";
import { type CheckpointStore, type ExecutionRecord, REFUSED, type StoredHead } from "../../src/store/index.ts";
import { newClaim, newCommit, newExecution, newSnapshot } from "./requests.ts";
import { calls, HEAD, headWith, storeWith } from "./stub-driver.ts";

const held = headWith({ leaseUntil: 9_000, readAt: 1_000 });
it.each<[what: string, call: (store: CheckpointStore) => Promise<unknown>, head: StoredHead | null, code: string]>([
  ["a taken id", (store) => store.createExecution(newExecution("e1")), headWith({}), "EXECUTION_ALREADY_EXISTS"],
  ["no execution", (store) => store.commit("e1", newCommit()), null, "EXECUTION_NOT_FOUND"],
  ["no execution", (store) => store.claimExecution("e1", newClaim()), null, "EXECUTION_NOT_FOUND"],
  ["a lease", (store) => store.claimExecution("e1", newClaim()), held, "LEASE_HELD"],
  ["an old token", (store) => store.commit("e1", newCommit()), headWith({ token: 6 }), "LEASE_LOST"],
  ["an end", (store) => store.commit("e1", newCommit()), headWith({ status: "failed" }), "INVALID_STATUS"],
  ["a version", (store) => store.commit("e1", newCommit()), headWith({ version: 1 }), "VERSION_CONFLICT"],
])(
  "finds the reason of a refusal (%s), from the driver's head and from a head that it reads itself",
  async (_what, call, head, code) => {
    const refuse = async () => ({ refused: true, head }) as const;
    const looked = storeWith({ createExecution: refuse, claimExecution: refuse, commit: refuse });
    await expect(call(looked)).rejects.toMatchObject({ code });
    const blindly = async () => REFUSED;
    const readHead = vi.fn(async () => head ?? undefined);
    const blind = storeWith({ createExecution: blindly, claimExecution: blindly, commit: blindly, readHead });
    await expect(call(blind)).rejects.toMatchObject({ code });
    expect(readHead).toHaveBeenCalledTimes(1);
  },
);

it("resolves a repeated call with the current record", async () => {
  const ids = { initialCheckpointId: "initial", lastClaimId: "claim", lastCommitId: "commit" };
  const head = headWith({ version: 9, token: 99, status: "completed" }, ids);
  const refuse = async () => ({ refused: true, head }) as const;
  const store = storeWith({ createExecution: refuse, claimExecution: refuse, commit: refuse });
  const checkpoint = newSnapshot({ id: "initial" });
  expect(await store.createExecution({ ...newExecution("e1"), checkpoint })).toEqual(head.record);
  expect(await store.claimExecution("e1", { ...newClaim(), claimId: "claim" })).toEqual(head.record);
  expect(await store.commit("e1", { ...newCommit(), commitId: "commit" })).toBeUndefined();
});

it("refuses a dropBefore only if the record of that number is not a snapshot", async () => {
  const isSnapshot = vi.fn(async (_id: string, seq: number) => seq === 3);
  const commit = vi.fn(async () => REFUSED as typeof REFUSED | undefined);
  const store = storeWith({ commit, isSnapshot, readHead: async () => headWith({ seq: 7 }) });
  const refused = await store.commit("e1", { ...newCommit(), dropBefore: 2 }).catch((error: WorkflowError) => error);
  expect(refused).toMatchObject({ code: "INVALID_ARGUMENT", details: { argument: "dropBefore", dropBefore: 2 } });
  // The driver is called again, because the snapshot may exist by now.
  for (const [dropBefore, checkpoints] of [
    [3, []],
    [9, [newSnapshot({ id: "a" }), newSnapshot({ id: "b" })]],
  ] as const) {
    commit.mockClear();
    commit.mockResolvedValueOnce(REFUSED).mockResolvedValueOnce(undefined);
    await store.commit("e1", { ...newCommit(), checkpoints, dropBefore });
    expect(commit).toHaveBeenCalledTimes(2);
  }
});

it("writes again if the reason of a refusal is gone when it reads the head", async () => {
  const claimExecution = vi.fn(async () => REFUSED as typeof REFUSED | ExecutionRecord);
  claimExecution.mockResolvedValueOnce(REFUSED).mockResolvedValueOnce(REFUSED).mockResolvedValueOnce(HEAD);
  // The lease has lapsed in the meantime, by the store's clock.
  const readHead = async () => headWith({ leaseUntil: 2_000, readAt: 2_000 });
  const store = storeWith({ claimExecution, readHead });
  expect(await store.claimExecution("e1", newClaim())).toEqual(HEAD);
  expect(claimExecution).toHaveBeenCalledTimes(3);

  const createExecution = vi.fn(async () => HEAD as typeof REFUSED | ExecutionRecord);
  createExecution.mockResolvedValueOnce(REFUSED);
  const deletedSince = storeWith({ createExecution, readHead: async () => undefined });
  expect(await deletedSince.createExecution(newExecution("e1"))).toEqual(HEAD);
});

it.each(["createExecution", "claimExecution", "commit"] as const)(
  "rejects %s with STORE_UNAVAILABLE and the reason conflict if the execution keeps changing",
  async (name) => {
    const write = vi.fn(async () => REFUSED);
    const head = name === "createExecution" ? undefined : headWith({ leaseUntil: 0 });
    const store = storeWith({ [name]: write, readHead: async () => head });
    await expect(calls[name]?.(store)).rejects.toMatchObject({
      code: "STORE_UNAVAILABLE",
      executionId: "e1",
      details: { reason: "conflict" },
    });
    expect(write).toHaveBeenCalledTimes(20);
  },
);
