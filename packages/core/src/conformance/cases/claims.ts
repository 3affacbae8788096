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

/** What a claim makes of a head, whatever it was before. */
export const claimCases: readonly ConformanceCase[] = [
  {
    id: "claims/from-running",
    title: "keeps the failure on a claim from running, and counts it in recoveries",
    invariant: 3,
    async run({ store }) {
      const created = await store.createExecution(newExecution("e1", { leaseMs: 0, failure: FAILURE }));
      equal(created.recoveries, 0, "A new execution must have been recovered 0 times.");
      for (const recoveries of [1, 2, 3]) {
        const request = recoveries === 2 ? newClaim({ force: true }) : newClaim({ leaseMs: 0 });
        const claimed = await store.claimExecution("e1", recoveries === 3 ? { ...request, force: true } : request);
        const advice =
          "A claim from running must keep the failure (the run was failing when its owner died) and raise recoveries by one, forced or not.";
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
        equal((await headOf(store, id)).recoveries, 1, "A commit without a checkpoint must leave recoveries.");
        const claimed = await store.claimExecution(id, newClaim({ from: [status] }));
        for (const { failure, endedAt, recoveries } of [claimed, await headOf(store, id)]) {
          equal(
            { failure, endedAt, recoveries },
            { failure: undefined, endedAt: undefined, recoveries: 0 },
            `A claim from "${status}" begins anew: failure and endedAt go, recoveries is 0.`,
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
            `A claim from "${status}" must keep what the execution waits for: the claimer has yet to read it.`,
          );
        }
      }
    },
  },
  {
    id: "claims/recoveries-reset",
    title: "sets recoveries to 0 with a checkpoint that users see, and not with a save",
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
          `recoveries must ${isReset ? "be 0" : "stay"} after a commit of ${kinds.join(", ") || "no checkpoint"}: a run that gets on is not one that keeps dying.`,
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
        const advice = `A claim with cancel, from "${status}", sets the status, the failure and endedAt, raises the token, removes owner, leaseUntil, wakeAt, waiting and waitingCount, and leaves the rest: the version too.`;
        ok(token > before.token, "A claim with cancel must raise the token.");
        equal(claimed, wanted, advice);
        equal(await headOf(store, id), wanted, advice);
        equal((await store.readCheckpoints(id)).length, 2, "A claim with cancel must leave the history.");
      }
    },
  },
  {
    id: "claims/cancel-refused",
    title: "refuses a claim with cancel as any other, by status and by a lease that is held",
    invariant: 3,
    async run({ store }) {
      await store.createExecution(newExecution("held"));
      await store.createExecution(newPending("pending"));
      const before = [await everythingOf(store, "held"), await everythingOf(store, "pending")];
      await rejects(
        () => store.claimExecution("held", newClaim({ cancel: CANCELLED })),
        "LEASE_HELD",
        "A claim with cancel but without force must respect the lease.",
      );
      await rejects(
        () => store.claimExecution("pending", newClaim({ cancel: CANCELLED, force: true })),
        "INVALID_STATUS",
        "A claim with cancel must look at the status: force is about the lease only.",
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
    title: "cancels under a lease that is held, and the owner's next commit is LEASE_LOST",
    invariant: 3,
    async run({ store, reopen }) {
      const owned = await store.createExecution(newExecution("e1"));
      const other = await reopen();
      const cancelled = await other.claimExecution("e1", newClaim({ force: true, cancel: CANCELLED }));
      await rejects(
        () => store.commit("e1", newCommit(owned, { leaseMs: 5_000 })),
        "LEASE_LOST",
        "The owner of a cancelled execution must be fenced by the token.",
      );
      await rejects(
        () => store.commit("e1", newCommit(cancelled)),
        "INVALID_STATUS",
        "A cancelled execution has ended: nobody commits to it, whatever the token.",
      );
      equal(await headOf(store, "e1"), cancelled, "A refused commit must leave the cancelled head.");
    },
  },
  {
    id: "claims/cancel-again",
    title: "resolves a claim with cancel that is sent again, with no second effect",
    invariant: 6,
    async run({ store }) {
      await store.createExecution(newExecution("e1"));
      const request = newClaim({ from: ["running"], force: true, cancel: CANCELLED });
      const cancelled = await store.claimExecution("e1", request);
      const advice = "A claim whose answer was lost is sent again: recognize its claimId before looking at the status.";
      equal(await store.claimExecution("e1", request), cancelled, advice);
      equal(await headOf(store, "e1"), cancelled, advice);
    },
  },
  {
    id: "claims/cancel-under-commits",
    title: "cancels in one step, however many commits the owner makes meanwhile",
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
          "A stream of commits must not hold a cancel up: it compares no version, and never gives up for a conflict.",
        );
        if (commits?.ok === false) equal(commits.code, "LEASE_LOST", "A commit after the cancel must get LEASE_LOST.");
        const head = await headOf(store, id);
        equal(
          { status: head.status, version: head.version, records: (await store.readCheckpoints(id)).length },
          { status: "cancelled", version: committed, records: committed + 1 },
          "Commits that resolved must be kept, those after the cancel refused, and the execution must stay cancelled.",
        );
        equal(head, cancelled?.ok && cancelled.value, "Nothing may change a head after its cancel.");
      }
    },
  },
];

/** Checkpoints of one commit, and whether they set `recoveries` to 0. */
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

/** An execution that has been recovered once, with everything that a cancel removes. */
async function atStatus(store: CheckpointStore, id: string, status: WorkflowStatus): Promise<ExecutionRecord> {
  const metadata = { tag: "a" };
  await store.createExecution(newExecution(id, { leaseMs: 0, metadata, deadlineMs: 60_000, definitionHash: "hash-1" }));
  const first = await store.claimExecution(id, newClaim({ leaseMs: 0 }));
  await store.commit(id, newCommit(first, { checkpoints: [newCheckpoint({ kind: "save" })] }));
  await store.commit(id, newHeadCommit({ ...first, version: 1 }, { status, failure: FAILURE, ...WAIT }));
  return headOf(store, id);
}
