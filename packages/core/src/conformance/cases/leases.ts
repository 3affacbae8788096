import { equal, ok, rejects } from "../assert.ts";
import type { ConformanceCase } from "../case.ts";
import { headOf, LONG_LEASE_MS, newClaim, newCommit, newExecution, newHeadCommit, newPending } from "../fixtures.ts";
import { withWrongClock } from "../wrong-clock.ts";

const TWO_HOURS_MS = 7_200_000;

/** Cases about leases, and about the clock that they follow. */
export const leaseCases: readonly ConformanceCase[] = [
  {
    id: "leases/held",
    title: "refuses a claim while the lease is held, and returns the remaining time",
    invariant: 4,
    async run({ store }) {
      const created = await store.createExecution(newExecution("e1"));
      const error = await rejects(
        () => store.claimExecution("e1", newClaim()),
        "LEASE_HELD",
        "claimExecution must refuse an execution whose lease has not lapsed.",
      );
      const retryAfterMs = Number(error.details.retryAfterMs);
      ok(
        retryAfterMs > 0 && retryAfterMs <= LONG_LEASE_MS,
        `LEASE_HELD must have details.retryAfterMs, the remaining milliseconds of the lease; it was ${retryAfterMs}.`,
      );
      equal(await headOf(store, "e1"), created, "A refused claim must change nothing.");
    },
  },
  {
    id: "leases/held-by-itself",
    title: "refuses a second claim by the owner itself while its lease is held",
    invariant: 4,
    async run({ store }) {
      await store.createExecution(newExecution("e1", { owner: "worker-1" }));
      await rejects(
        () => store.claimExecution("e1", newClaim({ owner: "worker-1" })),
        "LEASE_HELD",
        "claimExecution must not let an owner claim an execution that it already holds: two runs in one process would both continue.",
      );
    },
  },
  {
    id: "leases/zero",
    title: "treats a lease of 0 ms as lapsed at once",
    invariant: 4,
    async run({ store }) {
      await store.createExecution(newExecution("e1", { leaseMs: 0 }));
      const claimed = await store.claimExecution("e1", newClaim({ leaseMs: 0 }));
      equal(claimed.leaseUntil, claimed.updatedAt, "leaseUntil must be the time of the claim + leaseMs.");
      await store.claimExecution("e1", newClaim());
    },
  },
  {
    id: "leases/lapsed-commit",
    title: "lets an owner whose lease has lapsed commit until another one claims the execution",
    invariant: 4,
    async run({ store }) {
      const created = await store.createExecution(newExecution("e1", { leaseMs: 0 }));
      await store.commit("e1", newCommit(created));
      equal((await headOf(store, "e1")).version, 1, "commit must check the token, not leaseUntil.");
    },
  },
  {
    id: "leases/renew",
    title: "renews the lease on a commit with leaseMs",
    invariant: 4,
    async run({ store }) {
      const created = await store.createExecution(newExecution("e1", { leaseMs: 0 }));
      await store.commit("e1", newCommit(created, { leaseMs: LONG_LEASE_MS }));
      const { leaseUntil, updatedAt, owner } = await headOf(store, "e1");
      equal(
        { leaseUntil, owner },
        { leaseUntil: updatedAt + LONG_LEASE_MS, owner: "owner-1" },
        "leaseMs in a commit must renew the lease for the same owner, counted from the time of the commit.",
      );
      await rejects(() => store.claimExecution("e1", newClaim()), "LEASE_HELD", "A renewed lease must be held.");
    },
  },
  {
    id: "leases/keep",
    title: "does not change the lease on a commit without leaseMs",
    invariant: 4,
    async run({ store }) {
      const created = await store.createExecution(newExecution("e1"));
      await store.commit("e1", newCommit(created));
      const { leaseUntil, owner } = await headOf(store, "e1");
      equal(
        { leaseUntil, owner },
        { leaseUntil: created.leaseUntil, owner: "owner-1" },
        "A commit without leaseMs must not change owner and leaseUntil.",
      );
    },
  },
  {
    id: "leases/release",
    title: "releases the lease on a commit with any status but running",
    invariant: 4,
    async run({ store }) {
      for (const status of ["completed", "failed", "cancelled", "suspended", "pending"] as const) {
        const created = await store.createExecution(newExecution(`e-${status}`));
        await store.commit(created.id, newCommit(created, { head: { status }, leaseMs: LONG_LEASE_MS }));
        const { owner, leaseUntil } = await headOf(store, created.id);
        equal(
          { owner, leaseUntil },
          { owner: undefined, leaseUntil: undefined },
          `A commit with status "${status}" must remove owner and leaseUntil, even if it has leaseMs.`,
        );
      }
    },
  },
  {
    id: "leases/claimer-ahead",
    title: "refuses a claim under a held lease even if the caller's clock is two hours ahead",
    invariant: 4,
    async run({ store }) {
      await store.createExecution(newExecution("e1"));
      await withWrongClock(TWO_HOURS_MS, () =>
        rejects(
          () => store.claimExecution("e1", newClaim()),
          "LEASE_HELD",
          "Compare leaseUntil with the store's clock (the database's now()), never with Date.now() of the caller.",
        ),
      );
    },
  },
  {
    id: "leases/owner-behind",
    title: "holds the lease of an owner whose clock is two hours behind",
    invariant: 4,
    async run({ store }) {
      const created = await store.createExecution(newExecution("e0"));
      const claimed = await withWrongClock(-TWO_HOURS_MS, async () => {
        await store.createExecution(newExecution("e1"));
        await store.createExecution(newExecution("e2", { leaseMs: 0 }));
        await store.commit("e0", newCommit(created, { leaseMs: LONG_LEASE_MS }));
        return store.claimExecution("e2", newClaim());
      });
      for (const id of ["e0", "e1", "e2"]) {
        await rejects(
          () => store.claimExecution(id, newClaim()),
          "LEASE_HELD",
          "Creation, claim and commit must compute leaseUntil from the store's clock (the database's now()), never from the caller's.",
        );
      }
      ok(claimed.updatedAt >= created.createdAt, "updatedAt must be the store's time, never the caller's.");
    },
  },
  {
    id: "leases/lister-ahead",
    title: "lists lapsed leases and due executions by the store's clock",
    invariant: 4,
    async run({ store }) {
      const { createdAt } = await store.createExecution(newExecution("held"));
      await store.createExecution(newExecution("lapsed", { leaseMs: 0 }));
      await store.createExecution(newPending("later", { wakeAt: createdAt + LONG_LEASE_MS }));
      await store.createExecution(newPending("due", { wakeAt: createdAt }));
      for (const offsetMs of [TWO_HOURS_MS, -TWO_HOURS_MS]) {
        await withWrongClock(offsetMs, async () => {
          const lapsed = await store.listExecutions({ leaseExpired: true });
          const due = await store.listExecutions({ due: true });
          equal(
            { leaseExpired: lapsed.items.map(({ id }) => id), due: due.items.map(({ id }) => id) },
            { leaseExpired: ["lapsed"], due: ["due"] },
            "leaseExpired and due must compare with the store's clock: otherwise a machine with a wrong clock would recover executions that others run.",
          );
        });
      }
    },
  },
  {
    id: "leases/creator-ahead",
    title: "dates executions by the store's clock",
    invariant: 4,
    async run({ store }) {
      const before = await store.createExecution(newExecution("e1"));
      const wrong = await withWrongClock(TWO_HOURS_MS, () => store.createExecution(newExecution("e2")));
      const after = await store.createExecution(newExecution("e3"));
      ok(
        before.createdAt <= wrong.createdAt && wrong.createdAt <= after.createdAt,
        `createdAt must come from the store's clock: three executions that were created one after the other have createdAt ${before.createdAt}, ${wrong.createdAt} and ${after.createdAt}. The second was created by a caller whose clock is two hours ahead.`,
      );
    },
  },
  {
    id: "leases/ownerless",
    title: "grants any owner a claim of a pending execution",
    invariant: 4,
    async run({ store }) {
      await store.createExecution(newPending("e1"));
      const owned = await store.createExecution(newExecution("e2"));
      await store.commit("e2", newHeadCommit(owned, { status: "pending" }));
      for (const id of ["e1", "e2"]) {
        const { owner, status } = await store.claimExecution(id, newClaim({ from: ["pending"] }));
        equal(
          { owner, status },
          { owner: "owner-2", status: "running" },
          "A claim of a pending execution must be granted: it has no lease.",
        );
      }
    },
  },
];
