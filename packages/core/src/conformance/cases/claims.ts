import type { CheckpointKind, CheckpointStore, ExecutionRecord, WorkflowStatus } from "../../store/checkpoint-store.ts";
import { equal, ok, rejects } from "../assert.ts";
import type { ConformanceCase } from "../case.ts";
import {
  everythingOf,
  headOf,
  newCheckpoint,
  newClaim,
  newCommit,
  newExecution,
  newHeadCommit,
  newPending,
} from "../fixtures.ts";
import { race, times } from "../race.ts";

const FAILURE = { code: "NODE_FAILED", message: "boom" };
const CANCELLED = { code: "EXECUTION_CANCELLED", message: "stop 'it' \u0000 \ud800", attempts: 2 };
const STATUSES = ["pending", "running", "suspended", "completed", "failed", "cancelled"] as const;
const AT_REST: readonly WorkflowStatus[] = STATUSES.filter((status) => status !== "running");
const WAIT = {
  wakeAt: 1_800_000_000_000,
  waiting: [{ nodeId: "node-1", nodeName: "Node 1", visit: 2, reason: "a letter", since: 5, until: 9 }],
  waitingCount: 3,
};

/** Cases about the changes that a claim makes to a head, from every status. */
export const claimCases: readonly ConformanceCase[] = [
  {
    id: "claims/from-running",
    title: "keeps the failure on a claim from running, and counts the claim in recoveries",
    invariant: 3,
    async run({ store }) {
      const created = await store.createExecution(newExecution("e1", { leaseMs: 0, failure: FAILURE }));
      equal(created.recoveries, 0, "A new execution must have recoveries 0.");
      for (const recoveries of [1, 2, 3]) {
        const request = recoveries === 2 ? newClaim({ force: true }) : newClaim({ leaseMs: 0 });
        const claimed = await store.claimExecution("e1", recoveries === 3 ? { ...request, force: true } : request);
        const advice =
          "A claim from running, forced or not, must keep the failure (the run was failing when its owner died) and raise recoveries by one.";
        equal({ failure: claimed.failure, recoveries: claimed.recoveries }, { failure: FAILURE, recoveries }, advice);
        equal(await headOf(store, "e1"), claimed, advice);
      }
    },
  },
  {
    id: "claims/from-rest",
    title: "removes failure and endedAt on a claim from any other status, and sets recoveries to 0",
    invariant: 3,
    async run({ store }) {
      for (const status of AT_REST) {
        const id = `e-${status}`;
        await store.createExecution(newExecution(id, { leaseMs: 0 }));
        const recovered = await store.claimExecution(id, newClaim());
        await store.commit(id, newHeadCommit(recovered, { status, failure: FAILURE }));
        equal((await headOf(store, id)).recoveries, 1, "A commit without a checkpoint must not change recoveries.");
        const claimed = await store.claimExecution(id, newClaim({ from: [status] }));
        for (const { failure, endedAt, recoveries } of [claimed, await headOf(store, id)]) {
          equal(
            { failure, endedAt, recoveries },
            { failure: undefined, endedAt: undefined, recoveries: 0 },
            `A claim from "${status}" must remove failure and endedAt, and set recoveries to 0.`,
          );
        }
      }
    },
  },
  {
    id: "claims/keeps-wait",
    title: "keeps wakeAt, waiting and waitingCount on a claim, until a commit changes them",
    invariant: 3,
    async run({ store }) {
      for (const status of STATUSES) {
        const id = `e-${status}`;
        const created = await store.createExecution(newExecution(id, { leaseMs: 0 }));
        await store.commit(id, newHeadCommit(created, { status, ...WAIT }));
        const claimed = await store.claimExecution(id, newClaim({ from: [status] }));
        await store.commit(id, newCommit(claimed));
        for (const { wakeAt, waiting, waitingCount } of [claimed, await headOf(store, id)]) {
          equal(
            { wakeAt, waiting, waitingCount },
            WAIT,
            `A claim from "${status}" must keep wakeAt, waiting and waitingCount: the new owner has not read them yet.`,
          );
        }
      }
    },
  },
  {
    id: "claims/recoveries-reset",
    title: "sets recoveries to 0 on a commit of a checkpoint that users see, but not of a save",
    invariant: 3,
    async run({ store }) {
      for (const [index, [kinds, isReset]] of RESETS.entries()) {
        const id = `e${index}`;
        await store.createExecution(newExecution(id, { leaseMs: 0 }));
        const claimed = await store.claimExecution(id, newClaim());
        const checkpoints = kinds.map((kind) =>
          newCheckpoint({ kind, ...(kind === "error" && { error: { code: "X", message: "x" } }) }),
        );
        await store.commit(id, newCommit(claimed, { checkpoints }));
        equal(
          (await headOf(store, id)).recoveries,
          isReset ? 0 : 1,
          `recoveries must ${isReset ? "be 0" : "stay"} after a commit of ${kinds.join(", ") || "no checkpoint"}: only a run that makes no progress between crashes is counted.`,
        );
      }
    },
  },
  {
    id: "claims/cancel",
    title: "ends an execution by a claim with cancel, from every status",
    invariant: 3,
    async run({ store }) {
      for (const status of STATUSES) {
        const before = await atStatus(store, `e-${status}`, status);
        const { id, recoveries } = before;
        const claimed = await store.claimExecution(id, newClaim({ from: [status], cancel: CANCELLED }));
        const { owner: _o, leaseUntil: _l, wakeAt: _w, waiting: _n, waitingCount: _c, ...kept } = before;
        const { token, updatedAt } = claimed;
        const wanted = {
          ...kept,
          ...{ status: "cancelled", failure: CANCELLED, endedAt: updatedAt, updatedAt, token },
          recoveries: status === "running" ? recoveries + 1 : 0,
        };
        const advice = `A claim with cancel from "${status}" must set status, failure and endedAt, raise the token, and remove owner, leaseUntil, wakeAt, waiting and waitingCount. It must not change other fields, such as the version.`;
        ok(token > before.token, "A claim with cancel must raise the token.");
        equal(claimed, wanted, advice);
        equal(await headOf(store, id), wanted, advice);
        equal((await store.readCheckpoints(id)).length, 2, "A claim with cancel must not change the history.");
      }
    },
  },
  {
    id: "claims/cancel-refused",
    title: "refuses a claim with cancel from a wrong status or under a held lease, like any other claim",
    invariant: 3,
    async run({ store }) {
      await store.createExecution(newExecution("held"));
      await store.createExecution(newPending("pending"));
      const before = [await everythingOf(store, "held"), await everythingOf(store, "pending")];
      await rejects(
        () => store.claimExecution("held", newClaim({ cancel: CANCELLED })),
        "LEASE_HELD",
        "A claim with cancel but without force must be refused while the lease is held.",
      );
      await rejects(
        () => store.claimExecution("pending", newClaim({ cancel: CANCELLED, force: true })),
        "INVALID_STATUS",
        "A claim with cancel must check the status: force overrides the lease only.",
      );
      equal(
        [await everythingOf(store, "held"), await everythingOf(store, "pending")],
        before,
        "A refused claim must change nothing.",
      );
    },
  },
  {
    id: "claims/cancel-fences",
    title: "cancels under a held lease if forced, and rejects the owner's next commit with LEASE_LOST",
    invariant: 3,
    async run({ store, reopen }) {
      const owned = await store.createExecution(newExecution("e1"));
      const other = await reopen();
      const cancelled = await other.claimExecution("e1", newClaim({ force: true, cancel: CANCELLED }));
      await rejects(
        () => store.commit("e1", newCommit(owned, { leaseMs: 5_000 })),
        "LEASE_LOST",
        "A commit by the owner of a cancelled execution must be refused because of its token.",
      );
      await rejects(
        () => store.commit("e1", newCommit(cancelled)),
        "INVALID_STATUS",
        "A cancelled execution has ended: every commit to it must be refused, even with the current token.",
      );
      equal(await headOf(store, "e1"), cancelled, "A refused commit must not change the cancelled head.");
    },
  },
  {
    id: "claims/cancel-again",
    title: "resolves a repeated claim with cancel, with no second effect",
    invariant: 6,
    async run({ store }) {
      await store.createExecution(newExecution("e1"));
      const request = newClaim({ from: ["running"], force: true, cancel: CANCELLED });
      const cancelled = await store.claimExecution("e1", request);
      const advice = "A claim is repeated if its result was lost: compare the claimId before checking the status.";
      equal(await store.claimExecution("e1", request), cancelled, advice);
      equal(await headOf(store, "e1"), cancelled, advice);
    },
  },
  {
    id: "claims/cancel-under-commits",
    title: "cancels in one step while the owner makes many commits",
    invariant: 3,
    async run({ store, reopen }) {
      const other = await reopen();
      for (const round of times(6, (index) => index)) {
        const id = `e${round}`;
        const owned = await store.createExecution(newExecution(id));
        await other.getExecution(id);
        let committed = 0;
        const commitOn = async () => {
          for (let version = 0; version < 24; version++) {
            await store.commit(id, newCommit({ ...owned, version }, { leaseMs: 60_000 }));
            committed += 1;
          }
        };
        const cancel = () => other.claimExecution(id, newClaim({ force: true, cancel: CANCELLED }));
        const [commits, cancelled] = await race<unknown>([commitOn, cancel]);
        ok(
          cancelled?.ok === true,
          "Concurrent commits must not delay a cancel: it must not compare versions, nor give up because of a conflict.",
        );
        if (commits?.ok === false)
          equal(commits.code, "LEASE_LOST", "A commit after the cancel must reject with LEASE_LOST.");
        const head = await headOf(store, id);
        equal(
          { status: head.status, version: head.version, records: (await store.readCheckpoints(id)).length },
          { status: "cancelled", version: committed, records: committed + 1 },
          "Commits that resolved must be kept, commits after the cancel must be refused, and the execution must stay cancelled.",
        );
        equal(head, cancelled?.ok && cancelled.value, "A head must not change after its cancel.");
      }
    },
  },
];

/** The kinds of the checkpoints of one commit, and whether the commit sets `recoveries` to 0. */
const RESETS: readonly (readonly [kinds: readonly CheckpointKind[], isReset: boolean])[] = [
  [[], false],
  [["save"], false],
  [["save", "save"], false],
  [["delta"], true],
  [["error"], true],
  [["snapshot"], true],
  [["delta", "save"], true],
  [["save", "delta"], true],
];

/** Creates an execution that was recovered once, with all the fields that a cancel removes. */
async function atStatus(store: CheckpointStore, id: string, status: WorkflowStatus): Promise<ExecutionRecord> {
  const metadata = { tag: "a" };
  await store.createExecution(newExecution(id, { leaseMs: 0, metadata, deadlineMs: 60_000, definitionHash: "hash-1" }));
  const first = await store.claimExecution(id, newClaim({ leaseMs: 0 }));
  await store.commit(id, newCommit(first, { checkpoints: [newCheckpoint({ kind: "save" })] }));
  await store.commit(id, newHeadCommit({ ...first, version: 1 }, { status, failure: FAILURE, ...WAIT }));
  return headOf(store, id);
}
