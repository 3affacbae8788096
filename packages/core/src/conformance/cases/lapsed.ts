import type { CheckpointStore, CommitRequest, ListExecutionsOptions } from "../../store/checkpoint-store.ts";
import { equal } from "../assert.ts";
import type { ConformanceCase } from "../case.ts";
import { headOf, LONG_LEASE_MS, newClaim, newCommit, newExecution, newHeadCommit } from "../fixtures.ts";
import { inOrder } from "../page-order.ts";
import { times } from "../race.ts";
import { untilAfter } from "../store-time.ts";
import { walk } from "../walk.ts";

const FAILURE = { code: "EXECUTION_CANCELLED", message: "stop" };

/** Cases about the listing of lapsed leases. An index may lag behind renewals, but the listing must not show it. */
export const lapsedCases: readonly ConformanceCase[] = [
  {
    id: "lapsed/order",
    title: "orders lapsed leases by their end, then by the UTF-8 bytes of the id, ascending",
    invariant: 10,
    async run({ store }) {
      const up = await makeLapsed(store);
      equal(
        await ids(store),
        up,
        "leaseExpired must be ordered by (leaseUntil, id), ascending, with ids compared by their UTF-8 bytes.",
      );
    },
  },
  {
    id: "lapsed/pages",
    title: "lists lapsed leases page by page, each once, even if several have the same leaseUntil",
    invariant: 10,
    async run({ store }) {
      const up = await makeLapsed(store);
      for (const limit of [1, 2, 5, up.length]) {
        equal(
          await walk(store, { leaseExpired: true, limit }),
          up,
          `With pages of ${limit}, continue after (leaseUntil, id) of the last row: rows with the same time must be neither skipped nor repeated.`,
        );
      }
    },
  },
  {
    id: "lapsed/renewed",
    title: "does not list a lease that a commit has renewed",
    invariant: 4,
    async run({ store, reopen }) {
      const other = await reopen();
      const lapsed = await store.createExecution(newExecution("lapsed", { leaseMs: 0 }));
      const renewed = await store.createExecution(newExecution("renewed", { leaseMs: 0 }));
      const advice = "A commit that renews a lease must remove it from the listing at once, on every handle.";
      equal((await ids(other)).toSorted(), ["lapsed", "renewed"], "A lease of 0 ms must lapse at once.");
      await store.commit("renewed", renewal(renewed, LONG_LEASE_MS));
      equal(await ids(other), ["lapsed"], advice);
      // A store may move a stored bound while it reads. The renewed lease must not be lost by that.
      equal(await ids(store), ["lapsed"], advice);
      await store.commit("lapsed", renewal(lapsed, LONG_LEASE_MS));
      equal(await ids(store), [], advice);
      await store.commit("renewed", renewal({ ...renewed, version: 1 }, 0));
      equal(await ids(other), ["renewed"], "A renewed lease that lapses later must be listed again.");
    },
  },
  {
    id: "lapsed/new-place",
    title: "lists a lease that was renewed and has lapsed again by its new end",
    invariant: 10,
    async run({ store }) {
      const first = await store.createExecution(newExecution("z-renewed", { leaseMs: 0 }));
      await untilAfter(store, "z-renewed", first.createdAt);
      const second = await store.createExecution(newExecution("m-between", { leaseMs: 0 }));
      equal(await ids(store), ["z-renewed", "m-between"], "The lease that lapsed first must come first.");
      await untilAfter(store, "z-renewed", second.createdAt);
      await store.commit("z-renewed", renewal(first, 0));
      const advice = "A renewed lease must be listed by its current leaseUntil.";
      equal(await ids(store), ["m-between", "z-renewed"], advice);
      equal(await walk(store, { leaseExpired: true, limit: 1 }), ["m-between", "z-renewed"], advice);
      await untilAfter(store, "z-renewed", (await headOf(store, "z-renewed")).readAt);
      await store.claimExecution("m-between", newClaim({ leaseMs: 0 }));
      equal(
        await ids(store),
        ["z-renewed", "m-between"],
        "A claim must give a lease a new end and a new place in the listing.",
      );
    },
  },
  {
    id: "lapsed/shortened",
    title: "lists a lease that a commit has shortened",
    invariant: 4,
    async run({ store }) {
      const [created, kept] = [
        await store.createExecution(newExecution("shortened")),
        await store.createExecution(newExecution("kept")),
      ];
      await store.createExecution(newExecution("claimed", { leaseMs: 0 }));
      const claimed = await store.claimExecution("claimed", newClaim());
      equal(await ids(store), [], "A held lease must not be listed.");
      await store.commit("shortened", renewal(created, 0));
      await store.commit("claimed", newHeadCommit(claimed, { currentStep: 1 }));
      await store.commit("kept", newCommit(kept));
      equal(
        await ids(store),
        ["shortened"],
        "A commit may set an earlier end of the lease: an index by a lower bound must use the earlier end.",
      );
      await store.commit("claimed", renewal({ ...claimed, version: 1 }, 0));
      equal(
        (await ids(store)).toSorted(),
        ["claimed", "shortened"],
        "The same must hold for a lease that a claim has set.",
      );
    },
  },
  {
    id: "lapsed/taken",
    title: "does not list executions that were claimed, made pending, suspended, ended, cancelled or deleted",
    invariant: 4,
    async run({ store }) {
      const names = ["claimed", "pending", "suspended", "completed", "cancelled", "deleted", "left"] as const;
      const heads = await Promise.all(names.map((id) => store.createExecution(newExecution(id, { leaseMs: 0 }))));
      equal((await ids(store)).length, names.length, "A lease of 0 ms must lapse at once.");
      await store.claimExecution("claimed", newClaim());
      for (const status of ["pending", "suspended", "completed"] as const) {
        await store.commit(status, newHeadCommit(heads[names.indexOf(status)] ?? { token: 0, version: 0 }, { status }));
      }
      await store.claimExecution("cancelled", newClaim({ cancel: FAILURE }));
      await store.deleteExecutions(heads.filter(({ id }) => id === "deleted"));
      equal(await ids(store), ["left"], "Only running executions with a lapsed lease must be listed.");
      await store.claimExecution("suspended", newClaim({ from: ["suspended"], leaseMs: 0 }));
      equal(
        (await ids(store)).toSorted(),
        ["left", "suspended"],
        "The lease of an execution that is claimed again must be listed once it lapses again.",
      );
    },
  },
  {
    id: "lapsed/meanwhile",
    title: "lists every lease that stays lapsed exactly once while others are renewed, claimed and created",
    invariant: 10,
    async run({ store }) {
      const up = await makeLapsed(store);
      const leavers = new Set<string>();
      const walked = await walk(store, { leaseExpired: true, limit: 3 }, async (page, last) => {
        if (page > 3) return;
        await store.createExecution(newExecution(`new-${page}`, { leaseMs: 0 }));
        // The last row that was read is claimed, as a recovery does; others are renewed by their owners.
        leavers.add(last.id);
        await store.claimExecution(last.id, newClaim({ leaseMs: page % 2 === 0 ? 0 : LONG_LEASE_MS }));
        const renewer = up[up.length - 1 - page];
        if (renewer === undefined || leavers.has(renewer)) return;
        leavers.add(renewer);
        const leaseMs = page % 2 === 0 ? LONG_LEASE_MS : 0;
        await store.commit(renewer, renewal(await headOf(store, renewer), leaseMs));
      });
      const stayers = up.filter((id) => !leavers.has(id));
      equal(
        walked.filter((id) => stayers.includes(id)),
        stayers,
        "Page by (leaseUntil, id), never by offset: a row that is renewed, claimed or created must not hide or repeat another row.",
      );
    },
  },
];

/** Creates executions with lapsed leases, some with the same leaseUntil, and one with a held lease. */
async function makeLapsed(store: CheckpointStore): Promise<string[]> {
  const names = ["b", "\uffee", "a", "😀", "Z", "10", "9", "é", "_", "c", "B", "~"];
  const rows = await Promise.all(names.map((id) => store.createExecution(newExecution(id, { leaseMs: 0 }))));
  await Promise.all(times(3, (index) => store.createExecution(newExecution(`held-${index}`))));
  return inOrder(rows, ({ leaseUntil = 0 }) => leaseUntil).map(({ id }) => id);
}

/** Makes a commit that only renews a lease, as an engine does while a node runs. */
function renewal(base: { token: number; version: number }, leaseMs: number): CommitRequest {
  return { ...newHeadCommit(base, undefined), leaseMs };
}

async function ids(store: CheckpointStore, options: ListExecutionsOptions = {}): Promise<string[]> {
  return (await store.listExecutions({ ...options, leaseExpired: true })).items.map(({ id }) => id);
}
