import { equal, ok, rejects } from "../assert.ts";
import type { ConformanceCase } from "../case.ts";
import {
  everythingOf,
  headOf,
  LONG_LEASE_MS,
  newCheckpoint,
  newClaim,
  newCommit,
  newExecution,
  newHeadCommit,
  newPending,
} from "../fixtures.ts";
import { untilAfter } from "../store-time.ts";

/** Cases about the changes that successful creations, claims and commits make to a head. */
export const lifecycleCases: readonly ConformanceCase[] = [
  {
    id: "lifecycle/create",
    title: "creates an execution at version 0 with a lease, and returns its head",
    invariant: 9,
    async run({ store }) {
      const created = await store.createExecution(newExecution("e1"));
      const { token, createdAt, leaseUntil = 0 } = created;
      equal(
        created,
        {
          id: "e1",
          workflowId: "workflow-1",
          userId: "user-1",
          status: "running",
          version: 0,
          token,
          seq: 0,
          snapshotSeq: 0,
          firstSeq: 0,
          checkpointsCount: 0,
          currentStep: 0,
          totalSteps: 3,
          recoveries: 0,
          readAt: created.readAt,
          owner: "owner-1",
          leaseUntil,
          createdAt,
          updatedAt: createdAt,
        },
        "createExecution must return the new head: numbers start at 0, times are whole milliseconds, and fields that were not given are absent (not null).",
      );
      ok(Number.isSafeInteger(token) && token >= 0, "token must be a whole number (not a string or a bigint).");
      ok(Number.isSafeInteger(createdAt), "createdAt must be whole milliseconds since the epoch, as a number.");
      equal(
        leaseUntil - createdAt,
        LONG_LEASE_MS,
        "leaseUntil must be createdAt + leaseMs: take the store's clock once per call, in milliseconds.",
      );
    },
  },
  {
    id: "lifecycle/read-back",
    title: "returns the same head from getExecution as from createExecution and claimExecution",
    invariant: 9,
    async run({ store }) {
      const created = await store.createExecution(newExecution("e1", { leaseMs: 0, definitionHash: "sha256-abc" }));
      equal(await store.getExecution("e1"), created, "getExecution must return the same head as createExecution.");
      const claimed = await store.claimExecution("e1", newClaim());
      equal(await store.getExecution("e1"), claimed, "getExecution must return the same head as claimExecution.");
    },
  },
  {
    id: "lifecycle/unknown-id",
    title: "finds nothing under an unknown id",
    invariant: 14,
    async run({ store }) {
      equal(await store.getExecution("nobody"), undefined, "getExecution must return undefined for an unknown id.");
      await rejects(
        () => store.readCheckpoints("nobody"),
        "EXECUTION_NOT_FOUND",
        "readCheckpoints must reject for an unknown id: an empty list would look like an execution without history.",
      );
    },
  },
  {
    id: "lifecycle/taken-id",
    title: "refuses a second execution under a taken id, and does not change the first",
    invariant: 2,
    async run({ store }) {
      await store.createExecution(newExecution("e1"));
      const before = await everythingOf(store, "e1");
      await rejects(
        () => store.createExecution(newExecution("e1", { userId: "user-2" })),
        "EXECUTION_ALREADY_EXISTS",
        "createExecution must refuse the id of an execution with another initial checkpoint: insert, never upsert.",
      );
      equal(await everythingOf(store, "e1"), before, "A refused createExecution must change nothing.");
    },
  },
  {
    id: "lifecycle/commit-without-checkpoint",
    title: "changes only the head on a commit without a checkpoint",
    invariant: 2,
    async run({ store }) {
      const created = await store.createExecution(newExecution("e1"));
      await store.commit("e1", newHeadCommit(created, { currentStep: 1 }));
      const { version, seq, checkpointsCount } = await headOf(store, "e1");
      equal(
        { version, seq, checkpointsCount },
        { version: 1, seq: 0, checkpointsCount: 0 },
        "A commit without a checkpoint must raise version, but not seq.",
      );
      equal((await store.readCheckpoints("e1")).length, 1, "A commit without a checkpoint must write no record.");
    },
  },
  {
    id: "lifecycle/kinds",
    title: "counts the checkpoints that users see, and keeps the number of the newest snapshot",
    invariant: 2,
    async run({ store }) {
      const { token } = await store.createExecution(newExecution("e1"));
      const kinds = ["delta", "save", "snapshot", "error", "delta", "save"] as const;
      for (const [version, kind] of kinds.entries()) {
        await store.commit("e1", newCommit({ token, version }, { checkpoints: [newCheckpoint({ kind })] }));
      }
      const { seq, snapshotSeq, firstSeq, checkpointsCount } = await headOf(store, "e1");
      equal(
        { seq, snapshotSeq, firstSeq, checkpointsCount },
        { seq: 6, snapshotSeq: 3, firstSeq: 0, checkpointsCount: 4 },
        "checkpointsCount must count delta, error and snapshot records, except record 0, but no saves. snapshotSeq must be the number of the newest snapshot.",
      );
      const written = (await store.readCheckpoints("e1")).map(({ seq, kind }) => `${seq} ${kind}`);
      equal(
        written,
        ["0 snapshot", "1 delta", "2 save", "3 snapshot", "4 error", "5 delta", "6 save"],
        "Records must be numbered 0, 1, 2… in the order of their commits, and must keep their kind.",
      );
    },
  },
  {
    id: "lifecycle/claim",
    title: "gives the claiming owner the lease, and removes the failure of the last run",
    invariant: 3,
    async run({ store }) {
      const failure = { code: "NODE_FAILED", message: "boom" };
      const before = await store.createExecution(
        newPending("e1", { status: "failed", failure, wakeAt: 1_800_000_000_000, currentStep: 2 }),
      );
      const claimed = await store.claimExecution("e1", newClaim({ from: ["failed"], owner: "owner-9" }));
      const { failure: _failure, endedAt: _endedAt, ...kept } = before;
      const { token, leaseUntil, updatedAt } = claimed;
      equal(
        claimed,
        { ...kept, status: "running", owner: "owner-9", token, leaseUntil, updatedAt },
        "claimExecution must set status, owner, token and leaseUntil, and remove failure and endedAt. It must not change other fields, such as the version.",
      );
    },
  },
  {
    id: "lifecycle/ended-at",
    title: "sets endedAt when an execution ends, and only then",
    invariant: 9,
    async run({ store }) {
      for (const status of ["completed", "failed", "cancelled", "suspended", "pending", "running"] as const) {
        const created = await store.createExecution(newExecution(`e-${status}`));
        await store.commit(created.id, newHeadCommit(created, { status }));
        const { endedAt, updatedAt } = await headOf(store, created.id);
        const ends = status === "completed" || status === "failed" || status === "cancelled";
        equal(
          endedAt,
          ends ? updatedAt : undefined,
          `A commit with status "${status}" must ${ends ? "set endedAt to the time of the commit" : "leave endedAt absent"}.`,
        );
      }
    },
  },
  {
    id: "lifecycle/updated-at",
    title: "updates updatedAt with every claim and commit",
    invariant: 4,
    async run({ store }) {
      const created = await store.createExecution(newExecution("e1", { leaseMs: 0 }));
      await untilAfter(store, "e1", created.updatedAt);
      const claimed = await store.claimExecution("e1", newClaim());
      ok(claimed.updatedAt > created.updatedAt, "claimExecution must set updatedAt to the store's time.");
      await untilAfter(store, "e1", claimed.updatedAt);
      await store.commit("e1", newCommit(claimed));
      const { updatedAt, createdAt } = await headOf(store, "e1");
      ok(updatedAt > claimed.updatedAt, "commit must set updatedAt to the store's time.");
      equal(createdAt, created.createdAt, "createdAt must never change.");
    },
  },
];
