import type { CheckpointStore, ListExecutionsOptions } from "../../store/checkpoint-store.ts";
import { equal, ok } from "../assert.ts";
import type { ConformanceCase } from "../case.ts";
import { headOf, LONG_LEASE_MS, newClaim, newCommit, newExecution, newHeadCommit, newPending } from "../fixtures.ts";
import { inOrder } from "../page-order.ts";
import { times } from "../race.ts";

/** Cases about the executions in a listing, and their order. Pages have a file of their own. */
export const listingCases: readonly ConformanceCase[] = [
  {
    id: "listing/heads",
    title: "lists heads exactly as getExecution returns them",
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
      equal(items, [await headOf(store, "e1")], "A listing must return heads with every field and nothing more.");
      equal(nextCursor, undefined, "nextCursor must be absent on the last page.");
    },
  },
  {
    id: "listing/order",
    title: "orders by createdAt, then by the UTF-8 bytes of the id, newest first by default",
    invariant: 10,
    async run({ store }) {
      // Created at once, so that several have the same createdAt and the id decides.
      const names = times(20, (index) => `${["b", "B", "a", "é", "~", "10", "9", "_"][index % 8]}${index}`);
      const created = await Promise.all(names.map((id) => store.createExecution(newPending(id))));
      const up = inOrder(created).map(({ id }) => id);
      const list = async (options: ListExecutionsOptions) => idsOf(await store.listExecutions(options));
      const advice =
        'Order by createdAt in whole milliseconds, then by the bytes of the id (COLLATE "C"), both in the same direction.';
      equal(await list({ order: "asc" }), up, advice);
      equal(await list({ order: "desc" }), up.toReversed(), advice);
      equal(await list({}), up.toReversed(), "The default order must be descending.");
    },
  },
  {
    id: "listing/order-beyond-bmp",
    title: "orders ids by their UTF-8 bytes if the order of UTF-16 units differs",
    invariant: 10,
    async run({ store }) {
      // A pair shows a wrong order only if both have the same createdAt, so many pairs are created at once.
      const pairs = times(12, (index) => [`\uffee${index}`, `😀${index}`]).flat();
      const created = await Promise.all(pairs.map((id) => store.createExecution(newPending(id))));
      equal(
        idsOf(await store.listExecutions({ order: "asc" })),
        inOrder(created).map(({ id }) => id),
        "Order ids by their UTF-8 bytes (compareIds of @waymark/core/store): JavaScript's < puts U+1F600 before U+FFEE.",
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
      equal(await list(["failed", "pending"]), ["failed", "pending"], "A list of statuses must match any of them.");
      equal(await list([]), [], "An empty list of statuses must match none (not all).");
    },
  },
  {
    id: "listing/fresh",
    title: "lists by the current status, on every handle",
    invariant: 10,
    async run({ store, reopen }) {
      const other = await reopen();
      const created = await store.createExecution(newExecution("e1"));
      const seen = async () => ({
        running: idsOf(await other.listExecutions({ status: "running" })),
        failed: idsOf(await other.listExecutions({ status: "failed" })),
      });
      const advice =
        "A listing must use the current status: update every index in the same step as the commit or the claim.";
      equal(await seen(), { running: ["e1"], failed: [] }, advice);
      await store.commit("e1", newHeadCommit(created, { status: "failed" }));
      equal(await seen(), { running: [], failed: ["e1"] }, advice);
      await store.claimExecution("e1", newClaim({ from: ["failed"] }));
      equal(await seen(), { running: ["e1"], failed: [] }, advice);
    },
  },
  {
    id: "listing/created-before",
    title: "lists by createdBefore only executions that were created earlier, not at that time",
    invariant: 10,
    async run({ store }) {
      const created = await Promise.all(times(10, (index) => store.createExecution(newPending(`e${index}`))));
      const times_ = new Set(created.map(({ createdAt }) => createdAt));
      for (const createdBefore of [...times_, Math.max(...times_) + 1]) {
        equal(
          idsOf(await store.listExecutions({ createdBefore, order: "asc" })),
          inOrder(created.filter(({ createdAt }) => createdAt < createdBefore)).map(({ id }) => id),
          "createdBefore must exclude executions that were created in exactly that millisecond.",
        );
      }
      equal(
        idsOf(await store.listExecutions({ createdBefore: 0 })),
        [],
        "createdBefore: 0 must list nothing (not everything).",
      );
    },
  },
  {
    id: "listing/lapsed",
    title: "lists by leaseExpired only running executions with a lapsed lease",
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
        "leaseExpired must list only running executions whose leaseUntil has passed, not those that are held, renewed, ended or pending.",
      );
      equal(
        idsOf(await store.listExecutions({ leaseExpired: true, status: "completed" })),
        [],
        "A listing must apply all its conditions.",
      );
      equal(
        idsOf(await store.listExecutions({ leaseExpired: false })).length,
        5,
        "leaseExpired: false must have no effect.",
      );
    },
  },
  {
    id: "listing/due",
    title: "lists by due only executions whose wakeAt has passed",
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
        "due must list executions whose wakeAt (0 included) has passed by the store's clock, and none that were claimed.",
      );
      equal(await list({ due: true, status: "suspended" }), ["waiting"], "A listing must apply all its conditions.");
      equal((await list({ due: false })).length, 5, "due: false must have no effect.");
    },
  },
];

function idsOf({ items }: Awaited<ReturnType<CheckpointStore["listExecutions"]>>): string[] {
  ok(Array.isArray(items), "listExecutions must return { items, nextCursor? }.");
  return items.map(({ id }) => id);
}
