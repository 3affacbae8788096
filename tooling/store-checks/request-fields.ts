import { randomUUID } from "node:crypto";
import type {
  CheckpointRecord,
  CheckpointStore,
  ExecutionRecord,
  HeadUpdate,
  NewCheckpoint,
  NewExecution,
} from "@waymark/core";
import { expect, it } from "vitest";
import { newCheckpoint, newCommit, newExecution } from "../store-fixtures.ts";

const FAILURE = {
  code: "NODE_FAILED",
  message: "down \u0000 \ud800",
  nodeId: "n1",
  attempts: 2,
  stack: "s",
  cause: "c",
};

// Each table has an entry for every field: a new one is not forgotten here either.
// A time of the end goes with an end only; the suite has a case for it.
type Update = Omit<HeadUpdate, "endedAt">;
const UPDATES: { [Name in keyof Required<Update>]: readonly Update[Name][] } = {
  status: ["suspended", "completed", "failed", "cancelled", "pending"],
  currentStep: [0, 7],
  totalSteps: [0, 9],
  wakeAt: [0, 5, null],
  failure: [FAILURE, null],
  definitionHash: ["h2"],
};

const EXECUTION: Required<Omit<NewExecution, "id" | "checkpoint" | "leaseMs">> & { leaseMs: number } = {
  workflowId: "w2",
  userId: "u2",
  status: "running",
  currentStep: 4,
  totalSteps: 5,
  owner: "o2",
  leaseMs: 60_000,
  definitionHash: "h1",
  parentId: "p1",
  wakeAt: 6,
  failure: FAILURE,
  createdAt: 1_600_000_000_000,
};

/** Checks that every field of every request arrives, set and cleared. */
export function itKeepsEveryField(store: CheckpointStore): void {
  async function headAfter(create: Partial<NewExecution>, ...updates: HeadUpdate[]): Promise<ExecutionRecord> {
    const id = randomUUID();
    let { token, version } = await store.createExecution(newExecution(id, create));
    for (const head of updates) await store.commit(id, newCommit({ token, version: version++ }, { head }));
    return (await store.getExecution(id)) ?? expect.unreachable();
  }

  it.each(Object.entries(UPDATES).flatMap(([name, values]) => values.map((value) => [name, value] as const)))(
    "a commit's %s %j arrives",
    async (name, value) => {
      const before = { wakeAt: 3, failure: { code: "X", message: "x" }, definitionHash: "h1" };
      const head = await headAfter(before, { [name]: value });
      const left = Object.fromEntries(Object.entries({ ...before, [name]: value }).filter(([, each]) => each !== null));
      expect(head).toMatchObject(left);
      expect(Object.hasOwn(head, name)).toBe(value !== null);
    },
  );

  it("a field that was cleared can be set again", async () => {
    const cleared = { wakeAt: null, failure: null };
    const set = { wakeAt: 4, failure: FAILURE };
    expect(await headAfter({}, set, cleared, set)).toMatchObject(set);
    expect(await headAfter({}, set, cleared)).not.toHaveProperty("wakeAt");
  });

  it("every field of a new execution arrives", async () => {
    const { leaseMs, ...fields } = EXECUTION;
    const head = await headAfter(EXECUTION);
    expect(head).toMatchObject(fields);
    expect(head.leaseUntil).toBe(head.updatedAt + leaseMs);
  });

  it("every field of a claim arrives", async () => {
    const { id } = await headAfter({});
    const claim = { claimId: "c1", owner: "o3", leaseMs: 9_000, from: ["failed", "running"] as const };
    await expect(store.claimExecution(id, claim)).rejects.toMatchObject({ code: "LEASE_HELD" });
    await expect(store.claimExecution(id, { ...claim, from: ["failed"], force: true })).rejects.toMatchObject({
      code: "INVALID_STATUS",
    });
    const claimed = await store.claimExecution(id, { ...claim, force: true });
    expect(claimed).toMatchObject({ owner: "o3", leaseUntil: claimed.updatedAt + 9_000 });
    expect(await store.claimExecution(id, { ...claim, force: true })).toEqual(claimed);
  });

  it("every field of a commit arrives", async () => {
    const id = randomUUID();
    const { token } = await store.createExecution(newExecution(id, { leaseMs: 0 }));
    const snapshot = newCheckpoint({ kind: "snapshot" });
    const commit = newCommit({ token, version: 0 }, { checkpoint: snapshot, leaseMs: 70_000, dropBefore: 1 });
    await store.commit(id, commit);
    await store.commit(id, commit);
    const head = (await store.getExecution(id)) ?? expect.unreachable();
    expect(head).toMatchObject({ version: 1, seq: 1, snapshotSeq: 1, firstSeq: 1, checkpointsCount: 1 });
    expect(head.leaseUntil).toBe(head.updatedAt + 70_000);
    await expect(store.commit(id, newCommit({ token: token - 1, version: 1 }))).rejects.toMatchObject({
      code: "LEASE_LOST",
    });
    await expect(store.commit(id, newCommit({ token, version: 0 }))).rejects.toMatchObject({
      code: "VERSION_CONFLICT",
    });
  });

  it("every field of a checkpoint arrives", async () => {
    const checkpoint: Required<NewCheckpoint> = {
      ...{ id: "c1", kind: "error", nodeId: "n\n2", nodeName: "N\u2028", stepNumber: 3, attempt: 2, durationMs: 0.25 },
      ...{ payload: '["\n"]', timestamp: 8, error: FAILURE },
    };
    const id = randomUUID();
    const { token, version } = await store.createExecution(newExecution(id));
    await store.commit(id, newCommit({ token, version }, { checkpoint }));
    const expected: CheckpointRecord = { ...checkpoint, seq: 1 };
    expect(await store.readCheckpoints(id, { from: 1 })).toEqual([expected]);
  });
}
