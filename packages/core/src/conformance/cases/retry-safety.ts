import { equal, rejects } from "../assert.ts";
import type { ConformanceCase } from "../case.ts";
import {
  everythingOf,
  headOf,
  newCheckpoint,
  newClaim,
  newCommit,
  newExecution,
  newHeadCommit,
  newSnapshot,
} from "../fixtures.ts";
import { dropAnswers } from "../lost-answers.ts";
import { race, times } from "../race.ts";

/** Cases about calls that are repeated because their result was lost. */
export const retrySafetyCases: readonly ConformanceCase[] = [
  {
    id: "retry-safety/commit",
    title: "resolves a repeated commit, with no second effect",
    invariant: 6,
    async run({ store }) {
      const created = await store.createExecution(newExecution("e1"));
      const request = newCommit(created, { head: { currentStep: 1 } });
      await store.commit("e1", request);
      const before = await everythingOf(store, "e1");
      await store.commit("e1", request);
      equal(
        await everythingOf(store, "e1"),
        before,
        "Keep the last commitId with the head. A commit with the same commitId must resolve and change nothing.",
      );
    },
  },
  {
    id: "retry-safety/commit-after-claim",
    title: "resolves a repeated commit even after another owner has claimed the execution",
    invariant: 6,
    async run({ store }) {
      const created = await store.createExecution(newExecution("e1", { leaseMs: 0 }));
      const request = newCommit(created);
      await store.commit("e1", request);
      await store.claimExecution("e1", newClaim());
      const before = await everythingOf(store, "e1");
      await store.commit("e1", request);
      equal(
        await everythingOf(store, "e1"),
        before,
        "A claim must not remove the last commitId, and commit must compare the commitId before it compares tokens: the commit was made, only its result was lost.",
      );
    },
  },
  {
    id: "retry-safety/final-commit",
    title: "resolves a repeated commit that ended an execution",
    invariant: 6,
    async run({ store }) {
      const created = await store.createExecution(newExecution("e1"));
      const request = newHeadCommit(created, { status: "completed" });
      await store.commit("e1", request);
      const before = await everythingOf(store, "e1");
      await store.commit("e1", request);
      equal(await everythingOf(store, "e1"), before, "commit must compare the commitId before it checks the status.");
    },
  },
  {
    id: "retry-safety/claim",
    title: "resolves a repeated claim, with no second effect",
    invariant: 6,
    async run({ store }) {
      await store.createExecution(newExecution("e1", { leaseMs: 0 }));
      for (const leaseMs of [0, 60_000]) {
        const request = newClaim({ leaseMs });
        const granted = await store.claimExecution("e1", request);
        equal(
          await store.claimExecution("e1", request),
          granted,
          "Keep the last claimId with the head. A claim with the same claimId must return the current head: no new token, no LEASE_HELD.",
        );
        equal(await headOf(store, "e1"), granted, "A repeated claim must change nothing.");
      }
    },
  },
  {
    id: "retry-safety/claim-by-status",
    title: "resolves a repeated claim even if the status has changed",
    invariant: 6,
    async run({ store }) {
      const created = await store.createExecution(newExecution("e1"));
      await store.commit("e1", newHeadCommit(created, { status: "failed" }));
      const request = newClaim({ from: ["failed"] });
      const granted = await store.claimExecution("e1", request);
      equal(
        await store.claimExecution("e1", request),
        granted,
        "claimExecution must compare the claimId before it checks the status.",
      );
    },
  },
  {
    id: "retry-safety/create",
    title: "resolves a repeated creation with the current head, and with no second effect",
    invariant: 6,
    async run({ store }) {
      const execution = newExecution("e1");
      const created = await store.createExecution(execution);
      equal(
        await store.createExecution(execution),
        created,
        "createExecution with the same initial checkpoint id as the existing execution must return its head.",
      );
      await store.commit("e1", newCommit(created));
      const before = await everythingOf(store, "e1");
      equal(
        await store.createExecution(execution),
        await headOf(store, "e1"),
        "A repeated createExecution must return the current head.",
      );
      equal(await everythingOf(store, "e1"), before, "A repeated createExecution must change nothing.");
    },
  },
  {
    id: "retry-safety/create-after-drop",
    title: "recognizes a repeated creation after its record was dropped",
    invariant: 6,
    async run({ store }) {
      const execution = newExecution("e1");
      const created = await store.createExecution(execution);
      await store.commit("e1", newCommit(created, { checkpoints: [newSnapshot()], dropBefore: 1 }));
      equal(
        await store.createExecution(execution),
        await headOf(store, "e1"),
        "Keep the id of the initial checkpoint with the head: the record itself can be dropped.",
      );
    },
  },
  {
    id: "retry-safety/other-commit",
    title: "treats a commit with another commitId as another commit",
    invariant: 6,
    async run({ store }) {
      const created = await store.createExecution(newExecution("e1"));
      await store.commit("e1", newCommit(created));
      const request = newCommit({ ...created, version: 1 });
      await store.commit("e1", request);
      await rejects(
        () => store.commit("e1", { ...request, commitId: `${request.commitId}x` }),
        "VERSION_CONFLICT",
        "Recognize a repeated commit by its commitId only, not by its content.",
      );
    },
  },
  {
    id: "retry-safety/drops-nothing",
    title: "drops nothing on a repeated commit",
    invariant: 6,
    async run({ store }) {
      const created = await store.createExecution(newExecution("e1"));
      // Enough records for a store to keep them in another place.
      const checkpoints = times(20, () => newCheckpoint());
      await store.commit("e1", newCommit(created, { checkpoints }));
      const request = newCommit({ ...created, version: 1 }, { checkpoints: [newSnapshot()] });
      await store.commit("e1", request);
      const before = await everythingOf(store, "e1");
      await store.commit("e1", { ...request, dropBefore: 21 });
      equal(
        await everythingOf(store, "e1"),
        before,
        "A commit with the last commitId must change nothing: remove only records before the head's firstSeq, whatever dropBefore the call has.",
      );
    },
  },
  {
    id: "retry-safety/racing-copies",
    title: "has one effect of eight copies of a call that are made at once on two handles",
    invariant: 6,
    async run({ store, reopen }) {
      const handles = [store, await reopen()] as const;
      for (const handle of handles) await handle.getExecution("e1");
      const execution = newExecution("e1", { leaseMs: 0 });
      const advice =
        "All copies of one call must resolve: a call that loses the race must check whether a copy of itself has won.";
      const all = async <T>(call: (handle: (typeof handles)[number]) => Promise<T>) => {
        const outcomes = await race(times(8, (index) => () => call(handles[index % 2 ? 1 : 0])));
        equal(
          outcomes.map((result) => (result.ok ? "ok" : (result.code ?? result.error))),
          times(8, () => "ok"),
          advice,
        );
        return outcomes.flatMap((result) => (result.ok ? [result.value] : []));
      };
      const created = await all((handle) => handle.createExecution(execution));
      equal(
        created,
        times(8, () => created[0]),
        "All copies of one creation must return the same head.",
      );
      const claim = newClaim();
      const claimed = await all((handle) => handle.claimExecution("e1", claim));
      equal(
        claimed,
        times(8, () => claimed[0]),
        "All copies of one claim must return the same token.",
      );
      const request = newCommit(await headOf(store, "e1"));
      await all((handle) => handle.commit("e1", request));
      const { version, seq } = await headOf(store, "e1");
      equal({ version, seq }, { version: 1, seq: 1 }, "Copies of one commit must have one effect.");
      equal((await store.readCheckpoints("e1")).length, 2, "Copies of one commit must write one record.");
    },
  },
  {
    id: "retry-safety/lost-answers",
    title: "writes every call once for a caller that loses the first result of each call",
    invariant: 6,
    async run({ store }) {
      const lossy = dropAnswers(store);
      const created = await lossy.createExecution(newExecution("e1", { leaseMs: 0 }));
      const { token } = await lossy.claimExecution("e1", newClaim());
      for (let version = created.version; version < 5; version++) {
        await lossy.commit("e1", newCommit({ token, version }, { head: { currentStep: version + 1 } }));
      }
      await lossy.commit("e1", newHeadCommit({ token, version: 5 }, { status: "completed" }));
      const { version, seq, currentStep, status } = await headOf(store, "e1");
      equal(
        { version, seq, currentStep, status },
        { version: 6, seq: 5, currentStep: 5, status: "completed" },
        "A repeated call must have no second effect: the first call was made, although the caller saw a failure.",
      );
      equal(
        (await store.readCheckpoints("e1")).map((record) => record.seq),
        [0, 1, 2, 3, 4, 5],
        "A repeated call must not write a second record.",
      );
    },
  },
];
