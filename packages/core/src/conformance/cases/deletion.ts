import { equal, ok, rejects } from "../assert.ts";
import type { ConformanceCase } from "../case.ts";
import { everythingOf, headOf, newCheckpoint, newClaim, newCommit, newExecution, newPending } from "../fixtures.ts";
import { race, times } from "../race.ts";

/** Cases about deletions, and about the state after them. */
export const deletionCases: readonly ConformanceCase[] = [
  {
    id: "deletion/gone",
    title: "deletes an execution so that it cannot be read, listed or claimed",
    invariant: 12,
    async run({ store }) {
      const created = await store.createExecution(newExecution("e1"));
      await store.createExecution(newExecution("e2"));
      await store.commit("e1", newCommit(created));
      equal(
        await store.deleteExecutions([{ id: "e1", version: 1 }]),
        1,
        "deleteExecutions must return how many executions it deleted.",
      );
      equal(await store.getExecution("e1"), undefined, "getExecution must return undefined for a deleted execution.");
      await rejects(
        () => store.readCheckpoints("e1"),
        "EXECUTION_NOT_FOUND",
        "The records of an execution must be deleted with it.",
      );
      await rejects(
        () => store.claimExecution("e1", newClaim()),
        "EXECUTION_NOT_FOUND",
        "A deleted execution must not be claimable.",
      );
      const { items } = await store.listExecutions();
      equal(
        items.map(({ id }) => id),
        ["e2"],
        "A listing must not contain deleted executions, and must contain all others.",
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
      equal(
        await everythingOf(store, "e1"),
        before,
        "An execution that is not deleted must keep its head and every record.",
      );
    },
  },
  {
    id: "deletion/changed-token",
    title: "spares an execution that was claimed since it was listed, if the reference has a token",
    invariant: 12,
    async run({ store }) {
      const listed = await store.createExecution(newExecution("e1", { leaseMs: 0 }));
      const claimed = await store.claimExecution("e1", newClaim());
      equal(
        await store.deleteExecutions([{ id: "e1", version: 0, token: listed.token }]),
        0,
        "deleteExecutions must also compare the token if the reference has one: a claim does not change the version.",
      );
      equal(await headOf(store, "e1"), claimed, "An execution that is not deleted must not change.");
      equal(
        await store.deleteExecutions([{ id: "e1", version: 0, token: claimed.token }]),
        1,
        "A reference with the current version and token must delete.",
      );
    },
  },
  {
    id: "deletion/as-it-is",
    title: "deletes an execution at any version if the reference has no version",
    invariant: 12,
    async run({ store }) {
      const made = await store.createExecution(newExecution("e1", { leaseMs: 0 }));
      await store.createExecution(newExecution("e2"));
      await store.commit("e1", newCommit(made));
      const claimed = await store.claimExecution("e1", newClaim());
      const advice = "A reference without a version must delete the execution at any version.";
      equal(
        await store.deleteExecutions([{ id: "e1", token: made.token }]),
        0,
        "If a reference has a token but no version, deleteExecutions must still compare the token.",
      );
      equal(await store.deleteExecutions([{ id: "nobody" }, { id: "e1", token: claimed.token }]), 1, advice);
      equal(await store.deleteExecutions([{ id: "e1" }, { id: "e2" }]), 1, advice);
      equal((await store.listExecutions()).items, [], advice);
    },
  },
  {
    id: "deletion/mixed",
    title: "deletes the matching executions of a mixed list, and counts only those",
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
        "deleteExecutions must count each deleted execution once, and must not count unknown ones or those at another version.",
      );
      const left = await Promise.all(["a", "b", "c"].map((id) => store.getExecution(id)));
      equal(
        left.map((head) => head?.id),
        [undefined, "b", undefined],
        "Each reference must be checked independently of the others.",
      );
      equal(await store.deleteExecutions([]), 0, "An empty list must delete nothing (not everything).");
      equal((await headOf(store, "b")).version, 0, "An empty list must delete nothing (not everything).");
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
        "deleteExecutions must delete all 300 executions: it must have no hidden limit.",
      );
      equal((await store.listExecutions()).items.length, 0, "No execution may be left.");
    },
  },
  {
    id: "deletion/made-again",
    title: "shows nothing of a deleted execution after its id was created again",
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
        "An execution that is created again under a deleted id must start from the beginning.",
      );
      equal(
        (await store.readCheckpoints("e1")).map((record) => record.seq),
        [0],
        "Records of the deleted execution must not be readable under the new one: delete them, or use a key that differs between the two.",
      );
      equal(
        (await store.readCheckpoints("e1", { order: "desc" })).map((record) => record.seq),
        [0],
        "Records of the deleted execution must not be readable under the new one in descending order either.",
      );
      await store.commit("e1", newCommit(again));
      for (const order of ["asc", "desc"] as const) {
        equal(
          (await store.readCheckpoints("e1", { order })).map((record) => record.nodeId),
          ["node-1", "node-1"],
          "Records of the deleted execution must not reappear once the new one reaches their numbers.",
        );
      }
    },
  },
  {
    id: "deletion/forgets-calls",
    title: "forgets the ids of the calls that were made to a deleted execution",
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
        "createExecution that is repeated after a deletion must create a new execution with a new token.",
      );
      await rejects(
        () => store.commit("e1", request),
        "LEASE_LOST",
        "The last commitId must be deleted with the execution: a repeated commit of the old owner was not made to the new execution.",
      );
      const reclaimed = await store.claimExecution("e1", claim);
      ok(
        reclaimed.token > again.token,
        "The last claimId must be deleted with the execution: a claim with the same claimId is a new one.",
      );
    },
  },
  {
    id: "deletion/keeps-definitions",
    title: "keeps a definition when an execution that refers to it is deleted",
    invariant: 12,
    async run({ store }) {
      await store.saveDefinition("hash-1", '{"nodes":[]}');
      await store.createExecution(newExecution("e1", { definitionHash: "hash-1" }));
      await store.deleteExecutions([{ id: "e1", version: 0 }]);
      equal(
        await store.getDefinition("hash-1"),
        '{"nodes":[]}',
        "Deleting an execution must not delete its definition, which other executions may share.",
      );
    },
  },
  {
    id: "deletion/fork",
    title: "keeps a child execution when its parent is deleted",
    invariant: 12,
    async run({ store }) {
      await store.createExecution(newExecution("parent"));
      const fork = await store.createExecution(newExecution("fork", { parentId: "parent" }));
      const before = await everythingOf(store, "fork");
      await store.deleteExecutions([{ id: "parent", version: 0 }]);
      equal(
        await everythingOf(store, "fork"),
        before,
        "Deleting a parent must not affect its children: use no cascade and no foreign key on parentId.",
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
        ok(deleted?.ok === true, "deleteExecutions must resolve even while the owner commits.");
        if (committed?.ok) {
          equal(
            deleted?.ok && deleted.value,
            0,
            "A deletion that lost a race to a commit must delete nothing and return 0.",
          );
          const { version, seq } = await headOf(store, id);
          equal({ version, seq }, { version: 2, seq: 2 }, "A commit that resolved must be kept.");
          equal((await store.readCheckpoints(id)).length, 3, "A deletion that lost a race must keep every record.");
        } else {
          equal(
            committed?.code,
            "EXECUTION_NOT_FOUND",
            "A commit that lost a race to a deletion must reject with EXECUTION_NOT_FOUND.",
          );
          equal(
            deleted?.ok && deleted.value,
            1,
            "If the commit was refused, the deletion must have deleted the execution.",
          );
          equal(await store.getExecution(id), undefined, "A commit must not bring back a deleted execution.");
        }
      }
    },
  },
];
