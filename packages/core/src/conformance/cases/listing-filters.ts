import type { CheckpointStore, ExecutionRecord, ListExecutionsOptions } from "../../store/checkpoint-store.ts";
import { equal, rejects } from "../assert.ts";
import type { ConformanceCase } from "../case.ts";
import { headOf, newExecution, newHeadCommit, newPending } from "../fixtures.ts";
import { inOrder } from "../page-order.ts";
import { times } from "../race.ts";
import { withWrongClock } from "../wrong-clock.ts";

const HUNDRED_YEARS_MS = 36_500 * 24 * 3_600_000;
const TWO_HOURS_MS = 7_200_000;

/** Cases about the conditions of a listing on times and parents, alone and combined. */
export const listingFilterCases: readonly ConformanceCase[] = [
  {
    id: "listing/created-after",
    title: "lists by createdAfter only executions that were created later, not at that time",
    invariant: 10,
    async run({ store }) {
      const created = [
        ...(await Promise.all(times(10, (index) => store.createExecution(newPending(`e${index}`))))),
        ...(await Promise.all(
          [0, 5, 6].map((createdAt) => store.createExecution(newPending(`past-${createdAt}`, { createdAt }))),
        )),
      ];
      for (const createdAfter of new Set(created.map(({ createdAt }) => createdAt))) {
        for (const order of ["asc", "desc"] as const) {
          const later = inOrder(created.filter(({ createdAt }) => createdAt > createdAfter)).map(({ id }) => id);
          equal(
            await ids(store, { createdAfter, order }),
            order === "asc" ? later : later.toReversed(),
            "createdAfter must exclude executions that were created in exactly that millisecond.",
          );
        }
      }
      equal(
        await ids(store, { createdAfter: 0, createdBefore: 1_000, order: "desc" }),
        ["past-6", "past-5"],
        "createdAfter: 0 must be treated as a condition, and can be combined with createdBefore.",
      );
    },
  },
  {
    id: "listing/ended-after",
    title: "lists by endedAfter only executions that ended later than that time",
    invariant: 10,
    async run({ store }) {
      const [, , early, late] = await withEnds(store);
      equal(
        await ids(store, { endedAfter: 0, order: "desc" }),
        ["late", "early"],
        "endedAfter must exclude executions that have not ended.",
      );
      equal(
        await ids(store, { endedAfter: early?.endedAt ?? 0 }),
        ["late"],
        "endedAfter must exclude executions that ended in exactly that millisecond.",
      );
      equal(
        await ids(store, { endedAfter: late?.endedAt ?? 0 }),
        [],
        "endedAfter must compare endedAt, not updatedAt.",
      );
    },
  },
  {
    id: "listing/ended-for",
    title: "lists by endedForMs only executions that ended at least that long ago, by the store's clock",
    invariant: 4,
    async run({ store }) {
      const [, , early] = await withEnds(store);
      const sinceEarly = (early?.readAt ?? 0) - (early?.endedAt ?? 0);
      for (const offsetMs of [0, TWO_HOURS_MS, -TWO_HOURS_MS]) {
        await withWrongClock(offsetMs, async () => {
          const list = (endedForMs: number) => ids(store, { endedForMs, order: "desc" });
          const advice =
            "endedForMs must list only executions that ended at least that long ago, by the store's clock and not the caller's.";
          equal(await list(0), ["late", "early"], advice);
          equal(await list(60_000), ["early"], advice);
          equal(await list(sinceEarly), ["early"], advice);
          equal(await list(sinceEarly + 600_000), [], advice);
          equal(await list(HUNDRED_YEARS_MS), [], advice);
        });
      }
    },
  },
  {
    id: "listing/top-level",
    title: "lists by topLevel only executions without a parent",
    invariant: 10,
    async run({ store }) {
      await store.createExecution(newPending("parent"));
      await store.createExecution(newPending("child", { parentId: "parent", parentNodeId: "node-1", parentVisit: 1 }));
      await store.createExecution(newPending("orphan", { parentId: "deleted" }));
      await store.createExecution(newPending("fork", { forkedFromId: "parent", forkedFromSeq: 0 }));
      const list = async (options: ListExecutionsOptions) => (await ids(store, options)).toSorted();
      equal(
        await list({ topLevel: true }),
        ["fork", "parent"],
        "topLevel must list executions without a parentId, forks included.",
      );
      equal(
        await list({ topLevel: false }),
        ["child", "fork", "orphan", "parent"],
        "topLevel: false must have no effect.",
      );
      equal(
        await list({ parentId: "parent", topLevel: false }),
        ["child"],
        "topLevel: false can be combined with parentId.",
      );
    },
  },
  {
    id: "listing/conditions-refused",
    title: "refuses conditions that cannot be combined, and ignores those that are false",
    invariant: 14,
    async run({ store }) {
      await store.createExecution(newPending("e1", { parentId: "p1", wakeAt: 0 }));
      const apart: ListExecutionsOptions[] = [
        { due: true, leaseExpired: true },
        ...[{ due: true }, { leaseExpired: true }].flatMap((own) => [
          { ...own, order: "asc" as const },
          { ...own, order: "desc" as const },
          { ...own, createdBefore: 8.64e15 },
        ]),
        { topLevel: true, parentId: "p1" },
      ];
      for (const options of apart) {
        await rejects(
          () => store.listExecutions(options),
          "INVALID_ARGUMENT",
          `${JSON.stringify(options)} must be refused: due and leaseExpired have orders of their own, and topLevel excludes every parentId.`,
        );
      }
      const without = { due: false, leaseExpired: false, topLevel: false } as const;
      equal(
        await ids(store, { ...without, parentId: "p1", order: "asc", createdBefore: 8e15 }),
        ["e1"],
        "Conditions that are false must count as absent.",
      );
    },
  },
  {
    id: "listing/joined",
    title: "lists only executions that fulfil all conditions of all kinds",
    invariant: 10,
    async run({ store }) {
      const all: ListExecutionsOptions = {
        ...{ workflowId: "w1", userId: "u1", status: ["failed"], parentId: "p1" },
        ...{ createdAfter: 10, createdBefore: 20, endedAfter: 30, endedForMs: 60_000 },
      };
      const make = async (id: string, changes: object, endedAt = 40, status: "failed" | "completed" = "failed") => {
        const given = { workflowId: "w1", userId: "u1", parentId: "p1", createdAt: 15, ...changes };
        const created = await store.createExecution(newExecution(id, given));
        await store.commit(id, newHeadCommit(created, { status, endedAt }));
      };
      await make("wanted", {});
      await make("other-workflow", { workflowId: "w2" });
      await make("other-user", { userId: "u2" });
      await make("other-parent", { parentId: "p2" });
      await make("created-early", { createdAt: 10 });
      await make("created-late", { createdAt: 25 });
      await make("ended-early", {}, 30);
      await make("ended-now", {}, 8.64e15);
      await make("other-status", {}, 40, "completed");
      equal(
        await ids(store, all),
        ["wanted"],
        `${JSON.stringify(all)} must list only executions that fulfil every condition.`,
      );
      const heads = (await store.listExecutions({ limit: 1_000 })).items;
      for (const name of Object.keys(all) as (keyof ListExecutionsOptions)[]) {
        const { [name]: _left, ...options } = all;
        equal(
          (await ids(store, options)).toSorted(),
          heads
            .filter((head) => fulfils(head, options))
            .map(({ id }) => id)
            .toSorted(),
          `Without ${name}, a listing must apply the other conditions: ${JSON.stringify(options)}.`,
        );
      }
      const due = { ...all, due: true, status: "pending" as const };
      const { createdBefore: _before, endedAfter: _after, endedForMs: _for, ...joined } = due;
      for (const id of ["due", "not-due", "due-of-another"]) {
        const wakeAt = id === "not-due" ? 8.64e15 : 5;
        const userId = id === "due-of-another" ? "u2" : "u1";
        await store.createExecution(
          newPending(id, { workflowId: "w1", userId, parentId: "p1", createdAt: 15, wakeAt }),
        );
      }
      equal(await ids(store, joined), ["due"], "The other conditions must also apply together with due.");
    },
  },
];

async function ids(store: CheckpointStore, options: ListExecutionsOptions): Promise<string[]> {
  return (await store.listExecutions(options)).items.map(({ id }) => id);
}

/** Creates four executions: one is pending, one running, one ended ten minutes ago, and one has just ended. */
async function withEnds(store: CheckpointStore): Promise<ExecutionRecord[]> {
  await store.createExecution(newPending("pending"));
  await store.createExecution(newExecution("running", { leaseMs: 0 }));
  const early = await store.createExecution(newExecution("early", { createdAt: 5 }));
  await store.commit("early", newHeadCommit(early, { status: "failed", endedAt: early.readAt - 600_000 }));
  const late = await store.createExecution(newExecution("late"));
  await store.commit("late", newHeadCommit(late, { status: "completed" }));
  return Promise.all(["pending", "running", "early", "late"].map((id) => headOf(store, id)));
}

function fulfils(head: ExecutionRecord, options: ListExecutionsOptions): boolean {
  const { status, createdAfter, createdBefore, endedAfter, endedForMs, ...texts } = options;
  const { endedAt = Number.NaN } = head;
  return (
    Object.entries(texts).every(([name, value]) => head[name as keyof ExecutionRecord] === value) &&
    (status === undefined || [status].flat().includes(head.status)) &&
    (createdAfter === undefined || head.createdAt > createdAfter) &&
    (createdBefore === undefined || head.createdAt < createdBefore) &&
    (endedAfter === undefined || endedAt > endedAfter) &&
    (endedForMs === undefined || endedAt <= head.readAt - endedForMs)
  );
}
