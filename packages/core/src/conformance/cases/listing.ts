import type { CheckpointStore, ListExecutionsOptions } from "../../store/checkpoint-store.ts";
import { equal, ok } from "../assert.ts";
import type { ConformanceCase } from "../case.ts";
import { headOf, LONG_LEASE_MS, newClaim, newCommit, newExecution, newHeadCommit, newPending } from "../fixtures.ts";
import { inOrder } from "../page-order.ts";
import { times } from "../race.ts";

/** Which executions a listing shows, and in what order. Pages have a file of their own. */
export const listingCases: readonly ConformanceCase[] = [
  {
    id: "listing/heads",
    title: "lists heads exactly as getExecution gives them",
    invariant: 10,
    async run({ store }) {
      const created = await store.createExecution(
        newExecution("e1", { definitionHash: "hash-1", parentId: "p1", wakeAt: 5 }),
      );
      await store.commit(
        "e1",
        newCommit(created, { head: { status: "failed", failure: { code: "X", message: "x" } } }),
      );
      const { items, nextCursor } = await store.listExecutions();
      equal(items, [await headOf(store, "e1")], "A listing gives heads, with every field and nothing more.");
      equal(nextCursor, undefined, "nextCursor must be absent on the last page.");
    },
  },
  {
    id: "listing/order",
    title: "orders by createdAt, then by the bytes of the id, newest first unless told otherwise",
    invariant: 10,
    async run({ store }) {
      // Made at once, so that several are dated the same millisecond and the id decides.
      const names = times(20, (index) => `${["b", "B", "a", "é", "~", "10", "9", "_"][index % 8]}${index}`);
      const created = await Promise.all(names.map((id) => store.createExecution(newPending(id))));
      const up = inOrder(created).map(({ id }) => id);
      const list = async (options: ListExecutionsOptions) => idsOf(await store.listExecutions(options));
      const advice =
        'Order by createdAt in whole milliseconds, then by the bytes of the id (COLLATE "C"), both in one direction.';
      equal(await list({ order: "asc" }), up, advice);
      equal(await list({ order: "desc" }), up.toReversed(), advice);
      equal(await list({}), up.toReversed(), "The order is descending unless told otherwise.");
    },
  },
  {
    id: "listing/order-beyond-bmp",
    title: "orders ids by UTF-8, where UTF-16 would differ",
    invariant: 10,
    async run({ store }) {
      // A pair in the wrong order shows only where both are dated the same millisecond: so many pairs, made at once.
      const pairs = times(12, (index) => [`\uffee${index}`, `😀${index}`]).flat();
      const created = await Promise.all(pairs.map((id) => store.createExecution(newPending(id))));
      equal(
        idsOf(await store.listExecutions({ order: "asc" })),
        inOrder(created).map(({ id }) => id),
        "Order ids by their bytes of UTF-8 (compareIds of @waymark/core): JavaScript's < puts U+1F600 before U+FFEE.",
      );
    },
  },
  {
    id: "listing/status",
    title: "filters by one status and by any of several",
    invariant: 10,
    async run({ store }) {
      await store.createExecution(newPending("pending"));
      await store.createExecution(newExecution("running"));
      for (const status of ["suspended", "completed", "failed", "cancelled"] as const) {
        await store.commit(status, newHeadCommit(await store.createExecution(newExecution(status)), { status }));
      }
      const list = async (status: ListExecutionsOptions["status"]) =>
        idsOf(await store.listExecutions({ ...(status !== undefined && { status }) })).toSorted();
      for (const status of ["pending", "running", "suspended", "completed", "failed", "cancelled"] as const) {
        equal(await list(status), [status], "status must match one status exactly.");
      }
      equal(await list(["failed", "pending"]), ["failed", "pending"], "A list of statuses matches any of them.");
      equal(await list([]), [], "An empty list of statuses matches none (not all).");
    },
  },
  {
    id: "listing/fresh",
    title: "lists by the status of now, on every handle",
    invariant: 10,
    async run({ store, reopen }) {
      const other = await reopen();
      const created = await store.createExecution(newExecution("e1"));
      const seen = async () => ({
        running: idsOf(await other.listExecutions({ status: "running" })),
        failed: idsOf(await other.listExecutions({ status: "failed" })),
      });
      const advice =
        "A listing must follow the status at once: whatever index there is, it moves with the commit or the claim.";
      equal(await seen(), { running: ["e1"], failed: [] }, advice);
      await store.commit("e1", newHeadCommit(created, { status: "failed" }));
      equal(await seen(), { running: [], failed: ["e1"] }, advice);
      await store.claimExecution("e1", newClaim({ from: ["failed"] }));
      equal(await seen(), { running: ["e1"], failed: [] }, advice);
    },
  },
  {
    id: "listing/created-before",
    title: "lists what was created before a time, not at it",
    invariant: 10,
    async run({ store }) {
      const created = await Promise.all(times(10, (index) => store.createExecution(newPending(`e${index}`))));
      const times_ = new Set(created.map(({ createdAt }) => createdAt));
      for (const createdBefore of [...times_, Math.max(...times_) + 1]) {
        equal(
          idsOf(await store.listExecutions({ createdBefore, order: "asc" })),
          inOrder(created.filter(({ createdAt }) => createdAt < createdBefore)).map(({ id }) => id),
          "createdBefore must leave out what was created at that very millisecond.",
        );
      }
      equal(
        idsOf(await store.listExecutions({ createdBefore: 0 })),
        [],
        "createdBefore: 0 lists nothing (not everything).",
      );
    },
  },
  {
    id: "listing/lapsed",
    title: "lists as lapsed only what is running under a lapsed lease",
    invariant: 4,
    async run({ store }) {
      await store.createExecution(newExecution("lapsed", { leaseMs: 0 }));
      await store.createExecution(newExecution("held"));
      await store.createExecution(newPending("pending"));
      const ended = await store.createExecution(newExecution("ended", { leaseMs: 0 }));
      await store.commit("ended", newHeadCommit(ended, { status: "completed" }));
      await store.createExecution(newExecution("renewed", { leaseMs: 0 }));
      await store.claimExecution("renewed", newClaim());
      equal(
        idsOf(await store.listExecutions({ leaseExpired: true })),
        ["lapsed"],
        "leaseExpired lists what is running and whose leaseUntil has come: not what is held, renewed, ended or pending.",
      );
      equal(
        idsOf(await store.listExecutions({ leaseExpired: true, status: "completed" })),
        [],
        "Conditions are joined by and.",
      );
      equal(
        idsOf(await store.listExecutions({ leaseExpired: false })).length,
        5,
        "leaseExpired: false is no condition.",
      );
    },
  },
  {
    id: "listing/due",
    title: "lists as due what has a wakeAt that has come",
    invariant: 4,
    async run({ store }) {
      const { createdAt } = await store.createExecution(newPending("never"));
      await store.createExecution(newPending("long-ago", { wakeAt: 0 }));
      await store.createExecution(newPending("later", { wakeAt: createdAt + LONG_LEASE_MS }));
      await store.createExecution(newPending("waiting", { status: "suspended", wakeAt: createdAt }));
      await store.createExecution(newPending("claimed", { wakeAt: createdAt }));
      await store.claimExecution("claimed", newClaim({ from: ["pending"] }));
      const list = async (options: ListExecutionsOptions) => idsOf(await store.listExecutions(options)).toSorted();
      equal(
        await list({ due: true }),
        ["long-ago", "waiting"],
        "due lists what has a wakeAt (0 is one) that has come by the store's clock; a claim removes it.",
      );
      equal(await list({ due: true, status: "suspended" }), ["waiting"], "Conditions are joined by and.");
      equal((await list({ due: false })).length, 5, "due: false is no condition.");
    },
  },
];

function idsOf({ items }: Awaited<ReturnType<CheckpointStore["listExecutions"]>>): string[] {
  ok(Array.isArray(items), "listExecutions must give { items, nextCursor? }.");
  return items.map(({ id }) => id);
}
