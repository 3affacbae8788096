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

/** Calls that are sent again because their answer was lost. */
export const retrySafetyCases: readonly ConformanceCase[] = [
  {
    id: "retry-safety/commit",
    title: "takes a commit that is sent again as done",
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
        "Keep the last commitId with the head; a commit with the same one resolves and changes nothing.",
      );
    },
  },
  {
    id: "retry-safety/commit-after-claim",
    title: "takes a commit that is sent again as done, also after another has claimed",
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
        "A claim must leave the last commitId, and commit must look for it before it compares tokens: the answer was lost, the commit was not.",
      );
    },
  },
  {
    id: "retry-safety/final-commit",
    title: "takes the commit that ended an execution as done when it is sent again",
    invariant: 6,
    async run({ store }) {
      const created = await store.createExecution(newExecution("e1"));
      const request = newHeadCommit(created, { status: "completed" });
      await store.commit("e1", request);
      const before = await everythingOf(store, "e1");
      await store.commit("e1", request);
      equal(
        await everythingOf(store, "e1"),
        before,
        "commit must look for the same commitId before it looks at the status.",
      );
    },
  },
  {
    id: "retry-safety/claim",
    title: "grants a claim that is sent again once",
    invariant: 6,
    async run({ store }) {
      await store.createExecution(newExecution("e1", { leaseMs: 0 }));
      for (const leaseMs of [0, 60_000]) {
        const request = newClaim({ leaseMs });
        const granted = await store.claimExecution("e1", request);
        equal(
          await store.claimExecution("e1", request),
          granted,
          "Keep the last claimId with the head; a claim with the same one gives the head as it is: no new token, no LEASE_HELD.",
        );
        equal(await headOf(store, "e1"), granted, "A claim that is sent again must change nothing.");
      }
    },
  },
  {
    id: "retry-safety/claim-by-status",
    title: "grants a claim that is sent again although the status is now another",
    invariant: 6,
    async run({ store }) {
      const created = await store.createExecution(newExecution("e1"));
      await store.commit("e1", newHeadCommit(created, { status: "failed" }));
      const request = newClaim({ from: ["failed"] });
      const granted = await store.claimExecution("e1", request);
      equal(
        await store.claimExecution("e1", request),
        granted,
        "claimExecution must look for the same claimId before it looks at the status.",
      );
    },
  },
  {
    id: "retry-safety/create",
    title: "takes a creation that is sent again as done, and gives the head as it is now",
    invariant: 6,
    async run({ store }) {
      const execution = newExecution("e1");
      const created = await store.createExecution(execution);
      equal(
        await store.createExecution(execution),
        created,
        "createExecution with the initial checkpoint id of the execution that is there must give its head.",
      );
      await store.commit("e1", newCommit(created));
      const before = await everythingOf(store, "e1");
      equal(
        await store.createExecution(execution),
        await headOf(store, "e1"),
        "createExecution sent again must give the head as it is now.",
      );
      equal(await everythingOf(store, "e1"), before, "createExecution sent again must change nothing.");
    },
  },
  {
    id: "retry-safety/create-after-drop",
    title: "recognises a creation that is sent again after its record was dropped",
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
    title: "takes another commitId as another commit",
    invariant: 6,
    async run({ store }) {
      const created = await store.createExecution(newExecution("e1"));
      await store.commit("e1", newCommit(created));
      const request = newCommit({ ...created, version: 1 });
      await store.commit("e1", request);
      await rejects(
        () => store.commit("e1", { ...request, commitId: `${request.commitId}x` }),
        "VERSION_CONFLICT",
        "Only the commitId tells whether a commit was sent before, not what it writes.",
      );
    },
  },
  {
    id: "retry-safety/drops-nothing",
    title: "drops nothing by a commit that is sent again",
    invariant: 6,
    async run({ store }) {
      const created = await store.createExecution(newExecution("e1"));
      // Enough for a store to put them elsewhere.
      const checkpoints = times(20, () => newCheckpoint());
      await store.commit("e1", newCommit(created, { checkpoints }));
      const request = newCommit({ ...created, version: 1 }, { checkpoints: [newSnapshot()] });
      await store.commit("e1", request);
      const before = await everythingOf(store, "e1");
      await store.commit("e1", { ...request, dropBefore: 21 });
      equal(
        await everythingOf(store, "e1"),
        before,
        "A commit with the last commitId changes nothing: remove only records that the head has dropped, whatever the call names.",
      );
    },
  },
  {
    id: "retry-safety/racing-copies",
    title: "has one effect of eight copies of a call sent at once, over two handles",
    invariant: 6,
    async run({ store, reopen }) {
      const handles = [store, await reopen()] as const;
      for (const handle of handles) await handle.getExecution("e1");
      const execution = newExecution("e1", { leaseMs: 0 });
      const advice = "Copies of one call must all resolve: after losing the race, look again whether it was one's own.";
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
        "Copies of one creation must all be given one head.",
      );
      const claim = newClaim();
      const claimed = await all((handle) => handle.claimExecution("e1", claim));
      equal(
        claimed,
        times(8, () => claimed[0]),
        "Copies of one claim must all be given one token.",
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
    title: "is written once by a caller that sees every first answer lost",
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
        "Committed, but the caller saw a failure: what is sent again must have no second effect.",
      );
      equal(
        (await store.readCheckpoints("e1")).map((record) => record.seq),
        [0, 1, 2, 3, 4, 5],
        "What is sent again must write no second record.",
      );
    },
  },
];
