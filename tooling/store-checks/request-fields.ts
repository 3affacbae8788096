import { randomUUID } from "node:crypto";
import type {
  CheckpointRecord,
  CheckpointStore,
  ExecutionRecord,
  HeadUpdate,
  NewCheckpoint,
  NewExecution,
  WaitingNode,
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

const WAITING: WaitingNode[] = [
  { nodeId: "n\n2", nodeName: "N\u2028", visit: 2, reason: "asked \u0000 \ud800", since: 7, until: 8 },
  { nodeId: "n3", nodeName: "", visit: 1, since: 0 },
];

// Each table has an entry for every field, so that the compiler refuses a table that lacks a new one. `endedAt` needs a
// status that ends, and the conformance suite has a case for it. `wakeInMs` has a test of its own.
type Update = Omit<HeadUpdate, "endedAt" | "wakeInMs">;
const UPDATES: { [Name in keyof Required<Update>]: readonly Update[Name][] } = {
  status: ["suspended", "completed", "failed", "cancelled", "pending"],
  currentStep: [0, 7],
  totalSteps: [0, 9],
  wakeAt: [0, 5, null],
  waiting: [WAITING, [], null],
  waitingCount: [0, 120, null],
  failure: [FAILURE, null],
  definitionHash: ["h2"],
};

type Durations = Required<Pick<NewExecution, "leaseMs" | "deadlineMs">>;
// `wakeInMs` cannot be combined with `wakeAt`, and has a test of its own.
const EXECUTION: Required<Omit<NewExecution, "id" | "checkpoint" | "wakeInMs" | keyof Durations>> & Durations = {
  workflowId: "w2",
  userId: "u2",
  status: "running",
  currentStep: 4,
  totalSteps: 5,
  owner: "o2",
  leaseMs: 60_000,
  deadlineMs: 90_000,
  definitionHash: "h1",
  parentId: "p1",
  parentNodeId: "n\n1",
  parentVisit: 3,
  forkedFromId: "f1",
  forkedFromSeq: 0,
  metadata: { $tag: "a.b \u0000 \ud800", "": "" },
  wakeAt: 6,
  failure: FAILURE,
  createdAt: 1_600_000_000_000,
};

/** Declares tests that every field of every request is stored, set and cleared. */
export function itKeepsEveryField(store: CheckpointStore): void {
  async function headAfter(create: Partial<NewExecution>, ...updates: HeadUpdate[]): Promise<ExecutionRecord> {
    const id = randomUUID();
    let { token, version } = await store.createExecution(newExecution(id, create));
    for (const head of updates) await store.commit(id, newCommit({ token, version: version++ }, { head }));
    return (await store.getExecution(id)) ?? expect.unreachable();
  }

  it.each(Object.entries(UPDATES).flatMap(([name, values]) => values.map((value) => [name, value] as const)))(
    "a commit stores %s %j",
    async (name, value) => {
      const before = { wakeAt: 3, failure: { code: "X", message: "x" }, definitionHash: "h1" };
      const head = await headAfter(before, { waiting: [], waitingCount: 1 }, { [name]: value });
      const left = Object.fromEntries(Object.entries({ ...before, [name]: value }).filter(([, each]) => each !== null));
      expect(head).toMatchObject(left);
      expect(Object.hasOwn(head, name)).toBe(value !== null);
    },
  );

  it("a field that was cleared can be set again", async () => {
    const cleared = { wakeAt: null, waiting: null, waitingCount: null, failure: null };
    const set = { wakeAt: 4, waiting: WAITING, waitingCount: 2, failure: FAILURE };
    expect(await headAfter({}, set, cleared, set)).toMatchObject(set);
    const head = await headAfter({}, set, cleared);
    for (const name of Object.keys(cleared)) expect(head).not.toHaveProperty(name);
  });

  it("wakeInMs is stored as wakeAt", async () => {
    const made = await headAfter({ wakeInMs: 5_000 });
    expect(made.wakeAt).toBe(made.updatedAt + 5_000);
    const changed = await headAfter({ wakeAt: 3 }, { wakeInMs: 0 });
    expect(changed.wakeAt).toBe(changed.updatedAt);
  });

  it("a creation stores every field", async () => {
    const { leaseMs, deadlineMs, ...fields } = EXECUTION;
    const head = await headAfter(EXECUTION);
    expect(head).toMatchObject(fields);
    expect(head.leaseUntil).toBe(head.updatedAt + leaseMs);
    expect(head.deadlineAt).toBe(head.updatedAt + deadlineMs);
  });

  it("a claim stores every field", async () => {
    const { id } = await headAfter({});
    const claim = { claimId: "c1", owner: "o3", leaseMs: 9_000, from: ["failed", "running"] as const };
    await expect(store.claimExecution(id, claim)).rejects.toMatchObject({ code: "LEASE_HELD" });
    await expect(store.claimExecution(id, { ...claim, from: ["failed"], force: true })).rejects.toMatchObject({
      code: "INVALID_STATUS",
    });
    const claimed = await store.claimExecution(id, { ...claim, force: true });
    expect(claimed).toMatchObject({ owner: "o3", leaseUntil: claimed.updatedAt + 9_000 });
    const again = await store.claimExecution(id, { ...claim, force: true });
    expect(again).toEqual({ ...claimed, readAt: again.readAt });
  });

  it("a claim with cancel stores the failure", async () => {
    const { id } = await headAfter({}, { wakeAt: 3, waiting: WAITING, waitingCount: 2 });
    const claim = { claimId: "c1", owner: "o3", leaseMs: 9_000, from: ["running"] as const, force: true };
    const cancelled = await store.claimExecution(id, { ...claim, cancel: FAILURE });
    expect(cancelled).toMatchObject({ status: "cancelled", failure: FAILURE, endedAt: cancelled.updatedAt });
    for (const name of ["owner", "leaseUntil", "wakeAt", "waiting", "waitingCount"]) {
      expect(cancelled).not.toHaveProperty(name);
    }
  });

  it("a commit stores every field", async () => {
    const id = randomUUID();
    const { token } = await store.createExecution(newExecution(id, { leaseMs: 0 }));
    const snapshot = newCheckpoint({ kind: "snapshot" });
    const request = { checkpoints: [snapshot], leaseMs: 70_000, dropBefore: 1 };
    const commit = newCommit({ token, version: 0 }, request);
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

  it("a commit stores every field of a checkpoint", async () => {
    const checkpoint: Required<NewCheckpoint> = {
      ...{
        id: "c1",
        kind: "error",
        nodeId: "n\n2",
        nodeName: "N\u2028",
        visit: 4,
        stepNumber: 3,
        attempt: 2,
        durationMs: 0.25,
      },
      ...{ payload: '["\n"]', timestamp: 8, error: FAILURE },
    };
    const id = randomUUID();
    const { token, version } = await store.createExecution(newExecution(id));
    await store.commit(id, newCommit({ token, version }, { checkpoints: [checkpoint] }));
    const expected: CheckpointRecord = { ...checkpoint, seq: 1 };
    expect(await store.readCheckpoints(id, { from: 1 })).toEqual([expected]);
  });
}
