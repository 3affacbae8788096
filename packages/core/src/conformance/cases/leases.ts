import { equal, ok, rejects } from "../assert.ts";
import type { ConformanceCase } from "../case.ts";
import { headOf, LONG_LEASE_MS, newClaim, newCommit, newExecution, newHeadCommit, newPending } from "../fixtures.ts";
import { withWrongClock } from "../wrong-clock.ts";

const TWO_HOURS_MS = 7_200_000;

/** Leases, and whose clock they go by. */
export const leaseCases: readonly ConformanceCase[] = [
  {
    id: "leases/held",
    title: "refuses a claim while the lease is held, and says for how long",
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
        `LEASE_HELD must carry details.retryAfterMs, what is left of the lease in milliseconds; it was ${retryAfterMs}.`,
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
        "claimExecution must not let an owner claim what it holds: two runs in one process would both go on.",
      );
    },
  },
  {
    id: "leases/zero",
    title: "takes a lease of 0 ms as lapsed at once",
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
    title: "lets an owner commit whose lease has lapsed while nobody has claimed",
    invariant: 4,
    async run({ store }) {
      const created = await store.createExecution(newExecution("e1", { leaseMs: 0 }));
      await store.commit("e1", newCommit(created));
      equal(
        (await headOf(store, "e1")).version,
        1,
        "The token fences, not the lease: commit must not look at leaseUntil.",
      );
    },
  },
  {
    id: "leases/renew",
    title: "renews the lease with a commit that names leaseMs",
    invariant: 4,
    async run({ store }) {
      const created = await store.createExecution(newExecution("e1", { leaseMs: 0 }));
      await store.commit("e1", newCommit(created, { leaseMs: LONG_LEASE_MS }));
      const { leaseUntil, updatedAt, owner } = await headOf(store, "e1");
      equal(
        { leaseUntil, owner },
        { leaseUntil: updatedAt + LONG_LEASE_MS, owner: "owner-1" },
        "leaseMs in a commit renews the lease from the time of the commit, for the same owner.",
      );
      await rejects(() => store.claimExecution("e1", newClaim()), "LEASE_HELD", "A renewed lease must be held.");
    },
  },
  {
    id: "leases/keep",
    title: "leaves the lease as it is with a commit that names none",
    invariant: 4,
    async run({ store }) {
      const created = await store.createExecution(newExecution("e1"));
      await store.commit("e1", newCommit(created));
      const { leaseUntil, owner } = await headOf(store, "e1");
      equal(
        { leaseUntil, owner },
        { leaseUntil: created.leaseUntil, owner: "owner-1" },
        "A commit without leaseMs must leave owner and leaseUntil as they are.",
      );
    },
  },
  {
    id: "leases/release",
    title: "releases the lease with a commit that ends, suspends or puts back",
    invariant: 4,
    async run({ store }) {
      for (const status of ["completed", "failed", "cancelled", "suspended", "pending"] as const) {
        const created = await store.createExecution(newExecution(`e-${status}`));
        await store.commit(created.id, newCommit(created, { head: { status }, leaseMs: LONG_LEASE_MS }));
        const { owner, leaseUntil } = await headOf(store, created.id);
        equal(
          { owner, leaseUntil },
          { owner: undefined, leaseUntil: undefined },
          `A commit with status "${status}" must remove owner and leaseUntil, also where it names leaseMs.`,
        );
      }
    },
  },
  {
    id: "leases/claimer-ahead",
    title: "lets nobody steal whose clock is two hours ahead",
    invariant: 4,
    async run({ store }) {
      await store.createExecution(newExecution("e1"));
      await withWrongClock(TWO_HOURS_MS, () =>
        rejects(
          () => store.claimExecution("e1", newClaim()),
          "LEASE_HELD",
          "Whether a lease has lapsed is decided by the store's clock (the database's now()), never by Date.now() of the caller.",
        ),
      );
    },
  },
  {
    id: "leases/owner-behind",
    title: "protects an owner whose clock is two hours behind",
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
          "leaseUntil must be computed from the store's clock (the database's now()) in create, claim and commit, never from the caller's.",
        );
      }
      ok(claimed.updatedAt >= created.createdAt, "updatedAt must be the store's time, never the caller's.");
    },
  },
  {
    id: "leases/lister-ahead",
    title: "lists lapsed leases and what is due by the store's clock",
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
            "leaseExpired and due must compare with the store's clock: a machine that is wrong would recover what others run.",
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
        `createdAt must come from the store's clock: three executions made one after the other are dated ${before.createdAt}, ${wrong.createdAt}, ${after.createdAt}, the second by a caller whose clock is two hours ahead.`,
      );
    },
  },
  {
    id: "leases/ownerless",
    title: "lets anybody claim what nobody owns",
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
          "A pending execution has no lease to wait for.",
        );
      }
    },
  },
];
