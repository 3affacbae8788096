import { equal, ok, rejects } from "../assert.ts";
import type { ConformanceCase } from "../case.ts";
import { everythingOf, headOf, newCheckpoint, newClaim, newCommit, newExecution, newHeadCommit } from "../fixtures.ts";
import { race, times } from "../race.ts";

/** Cases about tokens, which prevent an owner from writing after another one has claimed its execution. */
export const fencingCases: readonly ConformanceCase[] = [
  {
    id: "fencing/token-rises",
    title: "raises the token with every claim, and with nothing else",
    invariant: 3,
    async run({ store }) {
      let { token, version } = await store.createExecution(newExecution("e1", { leaseMs: 0 }));
      for (let i = 0; i < 3; i++) {
        const claimed = await store.claimExecution("e1", newClaim({ leaseMs: 0 }));
        ok(claimed.token > token, `Every claim must raise the token: it was ${token} and became ${claimed.token}.`);
        equal(claimed.version, version, "A claim must not change the version.");
        await store.commit("e1", newCommit(claimed));
        const head = await headOf(store, "e1");
        equal(head.token, claimed.token, "A commit must not change the token.");
        ({ token, version } = head);
      }
    },
  },
  {
    id: "fencing/old-token",
    title: "refuses a commit under an older token and changes nothing",
    invariant: 3,
    async run({ store }) {
      const old = await store.createExecution(newExecution("e1", { leaseMs: 0 }));
      await store.claimExecution("e1", newClaim());
      const before = await everythingOf(store, "e1");
      await rejects(
        () => store.commit("e1", newCommit(old, { head: { status: "completed" } })),
        "LEASE_LOST",
        "commit must compare its token with the head's: the owner before may still be running.",
      );
      equal(await everythingOf(store, "e1"), before, "A commit that rejects with LEASE_LOST must change nothing.");
    },
  },
  {
    id: "fencing/same-owner",
    title: "refuses a commit of an earlier run even if both runs have the same owner name",
    invariant: 3,
    async run({ store }) {
      const first = await store.createExecution(newExecution("e1", { owner: "worker-1", leaseMs: 0 }));
      const second = await store.claimExecution("e1", newClaim({ owner: "worker-1" }));
      ok(second.token > first.token, "A claim by the owner of the last lease must raise the token as well.");
      await rejects(
        () => store.commit("e1", newCommit(first)),
        "LEASE_LOST",
        "Compare tokens, never owner names: a restarted process has the same name as before.",
      );
    },
  },
  {
    id: "fencing/deleted",
    title: "rejects a commit to a deleted execution with EXECUTION_NOT_FOUND",
    invariant: 3,
    async run({ store }) {
      const created = await store.createExecution(newExecution("e1"));
      await store.deleteExecutions([{ id: "e1", version: 0 }]);
      await rejects(
        () => store.commit("e1", newCommit(created)),
        "EXECUTION_NOT_FOUND",
        "A commit to a deleted execution must be refused, and must not write anything.",
      );
      equal(await store.getExecution("e1"), undefined, "A commit must not bring a deleted execution back.");
    },
  },
  {
    id: "fencing/made-again",
    title: "never reuses a token of an id, even if the id is deleted and created again",
    invariant: 3,
    async run({ store }) {
      const tokens: number[] = [];
      for (let incarnation = 0; incarnation < 3; incarnation++) {
        const created = await store.createExecution(newExecution("e1", { leaseMs: 0 }));
        const claimed = await store.claimExecution("e1", newClaim());
        tokens.push(created.token, claimed.token);
        await store.deleteExecutions([{ id: "e1", version: 0 }]);
      }
      for (const [index, token] of tokens.entries()) {
        const before = Math.max(-1, ...tokens.slice(0, index));
        ok(
          token > before,
          `The tokens of an id must rise even after a deletion, but were ${tokens.join(", ")}: take them from a counter or sequence that outlives the execution.`,
        );
      }
    },
  },
  {
    id: "fencing/zombie-of-deleted",
    title: "refuses a commit of the owner of a deleted execution after its id was created again",
    invariant: 3,
    async run({ store }) {
      const old = await store.createExecution(newExecution("e1"));
      await store.deleteExecutions([{ id: "e1", version: 0 }]);
      await store.createExecution(newExecution("e1"));
      const before = await everythingOf(store, "e1");
      await rejects(
        () => store.commit("e1", newCommit(old, { checkpoints: [newCheckpoint({ nodeId: "zombie" })] })),
        "LEASE_LOST",
        "A new execution must not accept the token of a deleted execution with the same id.",
      );
      equal(
        await everythingOf(store, "e1"),
        before,
        "A commit by the owner of the deleted execution must change nothing.",
      );
    },
  },
  {
    id: "fencing/cancel",
    title: "cancels a running execution by a forced claim and a commit",
    invariant: 3,
    async run({ store, reopen }) {
      const running = await store.createExecution(newExecution("e1"));
      const other = await reopen();
      const claimed = await other.claimExecution("e1", newClaim({ force: true, owner: "canceller" }));
      await other.commit("e1", newHeadCommit(claimed, { status: "cancelled" }));
      await rejects(
        () => store.commit("e1", newCommit({ ...running, version: 1 })),
        "LEASE_LOST",
        "A forced claim must be granted even while the owner's lease has not lapsed.",
      );
      equal((await headOf(store, "e1")).status, "cancelled", "A cancelled execution must stay cancelled.");
    },
  },
  {
    id: "fencing/32-claims",
    title: "grants exactly one of 32 racing claims on two handles",
    invariant: 3,
    async run({ store, reopen }) {
      const created = await store.createExecution(newExecution("e1", { leaseMs: 0 }));
      const handles = [store, await reopen()] as const;
      for (const handle of handles) await handle.getExecution("e1");
      const outcomes = await race(
        times(
          32,
          (index) => () => handles[index % 2 ? 1 : 0].claimExecution("e1", newClaim({ owner: `claimer-${index}` })),
        ),
      );
      const winners = outcomes.flatMap((result) => (result.ok ? [result.value] : []));
      equal(
        winners.length,
        1,
        "Exactly one of 32 claims of a lapsed lease must be granted: check the lease and take it in one atomic step.",
      );
      for (const result of outcomes) {
        if (!result.ok) equal(result.code, "LEASE_HELD", "Claims that lose a race must reject with LEASE_HELD.");
      }
      const head = await headOf(store, "e1");
      equal(head, winners[0], "The head must equal the winner's result.");
      ok(head.token > created.token, "The winner's token must be higher than the last owner's.");
    },
  },
  {
    id: "fencing/16-forced-claims",
    title: "gives each of several racing forced claims its own token, and the highest one owns the execution",
    invariant: 3,
    async run({ store, reopen }) {
      await store.createExecution(newExecution("e1"));
      const handles = [store, await reopen()] as const;
      for (const handle of handles) await handle.getExecution("e1");
      const outcomes = await race(
        times(
          16,
          (index) => () =>
            handles[index % 2 ? 1 : 0].claimExecution("e1", newClaim({ force: true, owner: `claimer-${index}` })),
        ),
      );
      const granted = outcomes.flatMap((result) => (result.ok ? [result.value] : []));
      equal(
        granted.length,
        16,
        "A forced claim must not be refused because of a lease, nor because it races with another claim.",
      );
      const tokens = granted.map(({ token }) => token);
      equal(
        new Set(tokens).size,
        16,
        `No two claims may have the same token, but the tokens were: ${tokens.join(", ")}.`,
      );
      const last = granted.find(({ token }) => token === Math.max(...tokens));
      equal(await headOf(store, "e1"), last, "The claim with the highest token must own the execution.");
    },
  },
  {
    id: "fencing/claim-against-commit",
    title: "serializes a forced claim and a racing commit",
    invariant: 3,
    async run({ store, reopen }) {
      const other = await reopen();
      for (const round of times(12, (index) => index)) {
        const id = `e${round}`;
        const owned = await store.createExecution(newExecution(id));
        await other.getExecution(id);
        const commit = () => store.commit(id, newHeadCommit(owned, { currentStep: 1 })).then(() => undefined);
        const claim = () => other.claimExecution(id, newClaim({ force: true }));
        // Starts them in both orders: otherwise the same one would always win on a fast store.
        const [committed, claimed] =
          round % 2 === 0 ? await race([commit, claim]) : (await race([claim, commit])).reverse();
        ok(claimed?.ok === true, "A forced claim must be granted even while the owner commits.");
        const head = await headOf(store, id);
        if (committed?.ok) {
          equal(
            { version: head.version, currentStep: head.currentStep },
            { version: 1, currentStep: 1 },
            "A commit that resolved must be kept even if a claim is made at the same time.",
          );
        } else {
          equal(committed?.code, "LEASE_LOST", "A commit that comes after a claim must reject with LEASE_LOST.");
          equal(
            { version: head.version, currentStep: head.currentStep },
            { version: 0, currentStep: 0 },
            "A commit that rejected with LEASE_LOST must not have changed the head.",
          );
        }
        if (claimed?.ok && claimed.value) {
          equal(
            { token: head.token, owner: head.owner },
            { token: claimed.value.token, owner: "owner-2" },
            "A racing commit must not undo a claim: write only the fields that the commit names, never the whole head as it was read.",
          );
          ok(
            claimed.value.version === head.version,
            "A claim must return the head in the state that the claim left: a commit after it must have been refused.",
          );
        }
      }
    },
  },
];
