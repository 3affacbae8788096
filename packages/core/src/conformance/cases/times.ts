import type { CheckpointStore, ExecutionRecord } from "../../store/checkpoint-store.ts";
import { equal, ok, rejects } from "../assert.ts";
import type { ConformanceCase } from "../case.ts";
import {
  everythingOf,
  headOf,
  newClaim,
  newCommit,
  newExecution,
  newHeadCommit,
  newPending,
  uniqueId,
} from "../fixtures.ts";
import { untilAfter } from "../store-time.ts";
import { withWrongClock } from "../wrong-clock.ts";

const HOUR_MS = 3_600_000;
const OFFSETS = [2 * HOUR_MS, -2 * HOUR_MS];

/** Cases about the times that a store reads and computes by its own clock. */
export const timeCases: readonly ConformanceCase[] = [
  {
    id: "times/read-at",
    title: "returns every head with the store's time of reading as readAt",
    invariant: 4,
    async run({ store, reopen }) {
      const creation = newExecution("e1", { leaseMs: 0 });
      const claim = newClaim();
      const other = await reopen();
      const readings: Record<string, () => Promise<ExecutionRecord | undefined>> = {
        createExecution: () => store.createExecution(creation),
        "createExecution, repeated": () => store.createExecution(creation),
        getExecution: () => store.getExecution("e1"),
        "getExecution of another handle": () => other.getExecution("e1"),
        claimExecution: () => store.claimExecution("e1", claim),
        "claimExecution, repeated": () => store.claimExecution("e1", claim),
        "claimExecution with cancel": () =>
          store.claimExecution("e1", newClaim({ force: true, cancel: { code: "X", message: "x" } })),
        listExecutions: async () => (await store.listExecutions()).items.find(({ id }) => id === "e1"),
      };
      for (const [what, read] of Object.entries(readings)) {
        const before = await storeTime(store);
        const { readAt = Number.NaN } = (await read()) ?? {};
        const after = await storeTime(store);
        ok(
          before <= readAt && readAt <= after,
          `${what} must set readAt to the store's time: it was ${readAt}, between ${before} and ${after}.`,
        );
      }
    },
  },
  {
    id: "times/read-at-moves",
    title: "returns a new readAt each time a head is read",
    invariant: 4,
    async run({ store, reopen }) {
      const { readAt: createdAt } = await store.createExecution(newExecution("e1"));
      await untilAfter(store, "e1", createdAt);
      const first = await headOf(store, "e1");
      for (const handle of [store, await reopen()]) {
        const { items } = await handle.listExecutions();
        const read = await headOf(handle, "e1");
        ok(
          (items[0]?.readAt ?? 0) >= first.readAt && read.readAt >= first.readAt && first.readAt > createdAt,
          "readAt must be the store's time when the head is read, never a stored time.",
        );
      }
      equal(await headOf(store, "e1"), first, "Only readAt may differ between two reads of a head.");
    },
  },
  {
    id: "times/read-at-clock",
    title: "takes readAt from the store's clock, not the reader's",
    invariant: 4,
    async run({ store }) {
      await store.createExecution(newExecution("e1", { leaseMs: 0 }));
      for (const offsetMs of OFFSETS) {
        const before = await storeTime(store);
        const [got, listed, claimed] = await withWrongClock(offsetMs, async () => [
          await store.getExecution("e1"),
          (await store.listExecutions()).items[0],
          await store.claimExecution("e1", newClaim({ leaseMs: 0 })),
        ]);
        const after = await storeTime(store);
        for (const head of [got, listed, claimed]) {
          ok(
            before <= (head?.readAt ?? 0) && (head?.readAt ?? 0) <= after,
            `readAt must not follow the reader's clock, which is ${offsetMs} ms wrong here.`,
          );
        }
      }
    },
  },
  {
    id: "times/wake-in",
    title: "counts wakeInMs from the store's time, in a creation and in a commit",
    invariant: 4,
    async run({ store }) {
      for (const offsetMs of OFFSETS) {
        const before = await storeTime(store);
        const [created, committed] = await withWrongClock(offsetMs, async () => {
          const pending = await store.createExecution(newPending(uniqueId("e"), { wakeInMs: HOUR_MS }));
          const running = await store.createExecution(newExecution(uniqueId("e"), { wakeAt: 5 }));
          await store.commit(running.id, newCommit(running, { head: { status: "suspended", wakeInMs: HOUR_MS } }));
          return [pending, await headOf(store, running.id)];
        });
        const after = await storeTime(store);
        for (const { wakeAt = 0, updatedAt } of [created, committed]) {
          equal(wakeAt, updatedAt + HOUR_MS, "wakeInMs must be counted from the store's time of the write.");
          ok(
            before + HOUR_MS <= wakeAt && wakeAt <= after + HOUR_MS,
            `wakeInMs must not be counted from the caller's clock, which is ${offsetMs} ms wrong here.`,
          );
        }
      }
      await store.createExecution(newPending("due", { wakeInMs: 0 }));
      const { items } = await store.listExecutions({ due: true });
      equal(
        items.map(({ id }) => id),
        ["due"],
        "An execution that waits for 0 ms must be due at once, and one that waits for an hour must not, whatever the caller's clock is.",
      );
    },
  },
  {
    id: "times/wake-twice",
    title: "refuses wakeInMs together with wakeAt, and writes nothing",
    invariant: 14,
    async run({ store }) {
      const created = await store.createExecution(newExecution("e1"));
      const before = await everythingOf(store, "e1");
      for (const wakeAt of [5, null]) {
        await rejects(
          () => store.commit("e1", newHeadCommit(created, { wakeAt, wakeInMs: 5 })),
          "INVALID_ARGUMENT",
          "A commit must not have both wakeAt and wakeInMs.",
        );
      }
      await rejects(
        () => store.createExecution(newPending("e2", { wakeAt: 5, wakeInMs: 5 })),
        "INVALID_ARGUMENT",
        "A creation must not have both wakeAt and wakeInMs.",
      );
      equal(await everythingOf(store, "e1"), before, "A refused call must write nothing.");
      equal(await store.getExecution("e2"), undefined, "A refused call must write nothing.");
    },
  },
  {
    id: "times/deadline",
    title: "counts deadlineMs from the store's time, and never changes the deadline",
    invariant: 4,
    async run({ store }) {
      for (const offsetMs of OFFSETS) {
        const id = uniqueId("e");
        const created = await withWrongClock(offsetMs, () =>
          store.createExecution(newExecution(id, { deadlineMs: HOUR_MS, createdAt: 5, leaseMs: 0 })),
        );
        equal(
          created.deadlineAt,
          created.updatedAt + HOUR_MS,
          "deadlineAt must be the store's time + deadlineMs, not the caller's time or createdAt + deadlineMs.",
        );
        await untilAfter(store, id, created.readAt);
        const claimed = await store.claimExecution(id, newClaim());
        await store.commit(id, newCommit(claimed, { head: { status: "suspended" } }));
        const resumed = await store.claimExecution(id, newClaim({ from: ["suspended"] }));
        for (const head of [claimed, resumed, await headOf(store, id)]) {
          equal(head.deadlineAt, created.deadlineAt, "Claims and commits must not change deadlineAt.");
        }
      }
    },
  },
];

/** Reads the store's time from a new execution. */
async function storeTime(store: CheckpointStore): Promise<number> {
  return (await store.createExecution(newPending(uniqueId("clock")))).updatedAt;
}
