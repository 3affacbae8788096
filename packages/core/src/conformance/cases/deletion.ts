import { equal, ok, rejects } from "../assert.ts";
import type { ConformanceCase } from "../case.ts";
import { everythingOf, headOf, newCheckpoint, newClaim, newCommit, newExecution, newPending } from "../fixtures.ts";
import { race, times } from "../race.ts";

/** Deleting, and what must be left of it. */
export const deletionCases: readonly ConformanceCase[] = [
  {
    id: "deletion/gone",
    title: "leaves nothing of a deleted execution to read, list or claim",
    invariant: 12,
    async run({ store }) {
      const created = await store.createExecution(newExecution("e1"));
      await store.createExecution(newExecution("e2"));
      await store.commit("e1", newCommit(created));
      equal(
        await store.deleteExecutions([{ id: "e1", version: 1 }]),
        1,
        "deleteExecutions must tell how many it deleted.",
      );
      equal(await store.getExecution("e1"), undefined, "getExecution must not find what was deleted.");
      await rejects(() => store.readCheckpoints("e1"), "EXECUTION_NOT_FOUND", "Records go with their execution.");
      await rejects(
        () => store.claimExecution("e1", newClaim()),
        "EXECUTION_NOT_FOUND",
        "What is deleted cannot be claimed.",
      );
      const { items } = await store.listExecutions();
      equal(
        items.map(({ id }) => id),
        ["e2"],
        "A listing must not show what was deleted, and must show what was not.",
      );
    },
  },
  {
    id: "deletion/changed-version",
    title: "spares an execution that was committed to since it was listed",
    invariant: 12,
    async run({ store }) {
      const listed = await store.createExecution(newExecution("e1"));
      await store.commit("e1", newCommit(listed));
      const before = await everythingOf(store, "e1");
      equal(
        await store.deleteExecutions([{ id: "e1", version: 0 }]),
        0,
        "deleteExecutions must compare the version: DELETE … WHERE id AND version.",
      );
      equal(await everythingOf(store, "e1"), before, "What is spared must keep its head and every record.");
    },
  },
  {
    id: "deletion/changed-token",
    title: "spares an execution that was claimed since it was listed, where the token is named",
    invariant: 12,
    async run({ store }) {
      const listed = await store.createExecution(newExecution("e1", { leaseMs: 0 }));
      const claimed = await store.claimExecution("e1", newClaim());
      equal(
        await store.deleteExecutions([{ id: "e1", version: 0, token: listed.token }]),
        0,
        "deleteExecutions must compare the token as well where the reference has one: a claim leaves the version.",
      );
      equal(await headOf(store, "e1"), claimed, "What is spared must stay as it is.");
      equal(
        await store.deleteExecutions([{ id: "e1", version: 0, token: claimed.token }]),
        1,
        "The right token must delete.",
      );
    },
  },
  {
    id: "deletion/as-it-is",
    title: "deletes an execution as it is now, if the reference names no version",
    invariant: 12,
    async run({ store }) {
      const made = await store.createExecution(newExecution("e1", { leaseMs: 0 }));
      await store.createExecution(newExecution("e2"));
      await store.commit("e1", newCommit(made));
      const claimed = await store.claimExecution("e1", newClaim());
      const advice = "A reference without a version deletes the execution at whatever version it is.";
      equal(
        await store.deleteExecutions([{ id: "e1", token: made.token }]),
        0,
        "A reference without a version must still compare the token that it names.",
      );
      equal(await store.deleteExecutions([{ id: "nobody" }, { id: "e1", token: claimed.token }]), 1, advice);
      equal(await store.deleteExecutions([{ id: "e1" }, { id: "e2" }]), 1, advice);
      equal((await store.listExecutions()).items, [], advice);
    },
  },
  {
    id: "deletion/mixed",
    title: "deletes what can be deleted of a mixed list, and counts only that",
    invariant: 12,
    async run({ store }) {
      for (const id of ["a", "b", "c"]) await store.createExecution(newExecution(id));
      const refs = [
        { id: "a", version: 0 },
        { id: "nobody", version: 0 },
        { id: "b", version: 1 },
        { id: "a", version: 0 },
        { id: "c", version: 0 },
      ];
      equal(
        await store.deleteExecutions(refs),
        2,
        "deleteExecutions must count an execution once, and none that is unknown or at another version.",
      );
      const left = await Promise.all(["a", "b", "c"].map((id) => store.getExecution(id)));
      equal(
        left.map((head) => head?.id),
        [undefined, "b", undefined],
        "Each reference must be judged on its own.",
      );
      equal(await store.deleteExecutions([]), 0, "An empty list deletes nothing (not everything).");
      equal((await headOf(store, "b")).version, 0, "An empty list deletes nothing (not everything).");
    },
  },
  {
    id: "deletion/many",
    title: "deletes 300 executions in one call",
    invariant: 12,
    async run({ store }) {
      const created = await Promise.all(times(300, (index) => store.createExecution(newPending(`e${index}`))));
      equal(
        await store.deleteExecutions(created),
        300,
        "deleteExecutions must have no hidden cap: 300 references delete 300.",
      );
      equal((await store.listExecutions()).items.length, 0, "Nothing may be left.");
    },
  },
  {
    id: "deletion/made-again",
    title: "shows nothing of the old execution under an id that is made again",
    invariant: 12,
    async run({ store }) {
      const old = await store.createExecution(newExecution("e1"));
      await store.commit(
        "e1",
        newCommit(old, { checkpoints: [newCheckpoint({ nodeId: "old" })], head: { currentStep: 1 } }),
      );
      await store.deleteExecutions([{ id: "e1", version: 1 }]);
      const again = await store.createExecution(newExecution("e1"));
      const { version, seq, checkpointsCount, currentStep } = again;
      equal(
        { version, seq, checkpointsCount, currentStep },
        { version: 0, seq: 0, checkpointsCount: 0, currentStep: 0 },
        "An id that is made again must start anew.",
      );
      equal(
        (await store.readCheckpoints("e1")).map((record) => record.seq),
        [0],
        "Records of the deleted execution must not be readable under the new one: delete them, or key them by incarnation.",
      );
      equal(
        (await store.readCheckpoints("e1", { order: "desc" })).map((record) => record.seq),
        [0],
        "Records of the deleted execution must not be readable under the new one, newest first either.",
      );
      await store.commit("e1", newCommit(again));
      for (const order of ["asc", "desc"] as const) {
        equal(
          (await store.readCheckpoints("e1", { order })).map((record) => record.nodeId),
          ["node-1", "node-1"],
          "Records of the deleted execution must not come up when the new one reaches their numbers.",
        );
      }
    },
  },
  {
    id: "deletion/forgets-calls",
    title: "forgets which calls the deleted execution has seen",
    invariant: 12,
    async run({ store }) {
      const execution = newExecution("e1");
      const old = await store.createExecution(execution);
      const claim = newClaim({ force: true });
      const claimed = await store.claimExecution("e1", claim);
      const request = newCommit(claimed);
      await store.commit("e1", request);
      await store.deleteExecutions([{ id: "e1", version: 1 }]);
      const again = await store.createExecution(execution);
      ok(
        again.version === 0 && again.token > claimed.token && again.token > old.token,
        "createExecution sent again after a deletion makes a new execution, with a new token.",
      );
      await rejects(
        () => store.commit("e1", request),
        "LEASE_LOST",
        "The last commitId must go with the execution: a zombie's commit, sent again, was not written to the new one.",
      );
      const reclaimed = await store.claimExecution("e1", claim);
      ok(reclaimed.token > again.token, "The last claimId must go with the execution: this claim is a new one.");
    },
  },
  {
    id: "deletion/keeps-definitions",
    title: "leaves definitions, which other executions share",
    invariant: 12,
    async run({ store }) {
      await store.saveDefinition("hash-1", '{"nodes":[]}');
      await store.createExecution(newExecution("e1", { definitionHash: "hash-1" }));
      await store.deleteExecutions([{ id: "e1", version: 0 }]);
      equal(await store.getDefinition("hash-1"), '{"nodes":[]}', "Deleting an execution must leave its definition.");
    },
  },
  {
    id: "deletion/fork",
    title: "leaves a fork whole when its parent is deleted",
    invariant: 12,
    async run({ store }) {
      await store.createExecution(newExecution("parent"));
      const fork = await store.createExecution(newExecution("fork", { parentId: "parent" }));
      const before = await everythingOf(store, "fork");
      await store.deleteExecutions([{ id: "parent", version: 0 }]);
      equal(
        await everythingOf(store, "fork"),
        before,
        "A fork outlives its parent: no cascade, no foreign key on parentId.",
      );
      await store.commit("fork", newCommit(fork));
    },
  },
  {
    id: "deletion/against-commit",
    title: "lets exactly one of a racing deletion and commit win",
    invariant: 12,
    async run({ store, reopen }) {
      const other = await reopen();
      for (const round of times(12, (index) => index)) {
        const id = `e${round}`;
        const owned = await store.createExecution(newExecution(id));
        await store.commit(id, newCommit(owned));
        await other.getExecution(id);
        const commit = async () => {
          await store.commit(id, newCommit({ ...owned, version: 1 }));
          return "committed";
        };
        const remove = () => other.deleteExecutions([{ id, version: 1 }]);
        const [committed, deleted] =
          round % 2 === 0 ? await race<unknown>([commit, remove]) : (await race<unknown>([remove, commit])).reverse();
        ok(deleted?.ok === true, "deleteExecutions must resolve, also while the owner commits.");
        if (committed?.ok) {
          equal(deleted?.ok && deleted.value, 0, "A deletion that lost to a commit must not delete, and counts 0.");
          const { version, seq } = await headOf(store, id);
          equal({ version, seq }, { version: 2, seq: 2 }, "A commit that resolved must be kept.");
          equal((await store.readCheckpoints(id)).length, 3, "A deletion that lost must leave every record.");
        } else {
          equal(
            committed?.code,
            "EXECUTION_NOT_FOUND",
            "A commit that lost to a deletion must get EXECUTION_NOT_FOUND.",
          );
          equal(deleted?.ok && deleted.value, 1, "Where the commit was refused, the deletion must have won.");
          equal(await store.getExecution(id), undefined, "A commit must not bring back what was deleted.");
        }
      }
    },
  },
];
