import type { CheckpointStore, ListExecutionsOptions } from "../../store/checkpoint-store.ts";
import { equal } from "../assert.ts";
import type { ConformanceCase } from "../case.ts";
import { newClaim, newExecution, newHeadCommit, newPending } from "../fixtures.ts";
import { inOrder } from "../page-order.ts";
import { times } from "../race.ts";
import { walk } from "../walk.ts";

const STATUSES = ["pending", "running", "suspended", "completed", "failed", "cancelled"] as const;
const FAILURE = { code: "EXECUTION_CANCELLED", message: "stop" };

/** Cases about the listing of due executions. */
export const dueCases: readonly ConformanceCase[] = [
  {
    id: "due/at-rest",
    title: "lists as due only pending and suspended executions",
    invariant: 4,
    async run({ store }) {
      for (const status of STATUSES) {
        const make = status === "running" ? newExecution : newPending;
        await store.createExecution(make(`created-${status}`, { status, wakeAt: 5 }));
        const created = await store.createExecution(newExecution(`committed-${status}`));
        await store.commit(created.id, newHeadCommit(created, { status, wakeAt: 5 }));
        await store.createExecution(newPending(`claimed-${status}`, { status: "suspended", wakeAt: 5 }));
        const claimed = await store.claimExecution(`claimed-${status}`, newClaim({ from: ["suspended"] }));
        // The claim does not remove wakeAt, so only the status decides.
        await store.commit(claimed.id, newHeadCommit(claimed, { status }));
      }
      const resting = ["claimed", "committed", "created"].flatMap((how) => [`${how}-pending`, `${how}-suspended`]);
      equal(
        await ids(store, { due: true }),
        resting,
        "due must list pending and suspended executions only: a running or ended execution can have a wakeAt, which has no effect.",
      );
      equal(
        await ids(store, { due: true, status: ["running", "completed", "failed", "cancelled"] }),
        [],
        "due must list pending and suspended executions only, whatever the status filter is.",
      );
    },
  },
  {
    id: "due/order",
    title: "orders due executions by wakeAt, then by the UTF-8 bytes of the id, ascending",
    invariant: 10,
    async run({ store }) {
      const { up } = await makeDue(store);
      equal(
        await ids(store, { due: true }),
        up,
        "due must be ordered by (wakeAt, id), ascending, with ids compared by their UTF-8 bytes: the execution that has been due longest comes first.",
      );
    },
  },
  {
    id: "due/pages",
    title: "lists due executions page by page, each once, even if several have the same wakeAt",
    invariant: 10,
    async run({ store }) {
      const { up } = await makeDue(store);
      for (const limit of [1, 2, 5, up.length]) {
        equal(
          await walk(store, { due: true, limit }),
          up,
          `With pages of ${limit}, continue after (wakeAt, id) of the last row: rows with the same time must be neither skipped nor repeated.`,
        );
      }
    },
  },
  {
    id: "due/moves",
    title: "moves an execution in the listing of due executions when its wakeAt or status changes",
    invariant: 10,
    async run({ store }) {
      const list = () => ids(store, { due: true });
      const put = async (id: string, head: { wakeAt?: number | null; wakeInMs?: number }) => {
        const claimed = await store.claimExecution(id, newClaim({ from: ["pending", "suspended"] }));
        await store.commit(id, newHeadCommit(claimed, { ...head, status: "suspended" }));
      };
      for (const [id, wakeAt] of Object.entries({ a: 10, b: 20, c: 30 })) {
        await store.createExecution(newPending(id, { wakeAt }));
      }
      const advice = "A commit, a claim or a deletion must update the listing of due executions at once.";
      equal(await list(), ["a", "b", "c"], advice);
      await put("a", { wakeAt: 25 });
      equal(await list(), ["b", "a", "c"], advice);
      await put("c", { wakeInMs: 0 });
      await put("b", { wakeAt: 40 });
      equal(await list(), ["a", "b", "c"], advice);
      await put("b", { wakeInMs: 3_600_000 });
      equal(await list(), ["a", "c"], advice);
      await put("c", { wakeAt: null });
      equal(await list(), ["a"], advice);
      await put("c", { wakeAt: 5 });
      equal(await list(), ["c", "a"], advice);
      await store.claimExecution("c", newClaim({ from: ["suspended"], cancel: FAILURE }));
      equal(await list(), ["a"], "A cancelled execution must not be due.");
      const a = await store.claimExecution("a", newClaim({ from: ["suspended"] }));
      equal(await list(), [], "A claimed execution must not be due.");
      await store.commit("a", newHeadCommit(a, { status: "pending" }));
      equal(await list(), ["a"], "An execution that becomes pending again without a new wakeAt must be due as before.");
      await store.deleteExecutions([{ id: "a", version: a.version + 1 }]);
      equal(await list(), [], "A deleted execution must not be due.");
    },
  },
  {
    id: "due/meanwhile",
    title: "lists every execution that stays due exactly once while others are added, moved and removed",
    invariant: 10,
    async run({ store }) {
      const { up } = await makeDue(store);
      const leavers = new Set<string>();
      const walked = await walk(store, { due: true, limit: 3 }, async (page, last) => {
        if (page > 3) return;
        for (const [index, wakeAt] of [1, last.wakeAt ?? 0, 2_500].entries()) {
          for (const name of ["!", "~"]) {
            await store.createExecution(newPending(`${name}${page}-${index}`, { wakeAt }));
          }
        }
        // The last row that was read is removed, as if it had been run at once. Another row moves to the end.
        leavers.add(last.id);
        await store.deleteExecutions([last]);
        const mover = up[up.length - 1 - page];
        if (mover === undefined || leavers.has(mover)) return;
        leavers.add(mover);
        const claimed = await store.claimExecution(mover, newClaim({ from: ["pending"] }));
        await store.commit(mover, newHeadCommit(claimed, { status: "pending", wakeAt: 9_000 }));
      });
      const stayers = up.filter((id) => !leavers.has(id));
      equal(
        walked.filter((id) => stayers.includes(id)),
        stayers,
        "Page by (wakeAt, id), never by offset: a row that is added, moved or removed must not hide or repeat another row.",
      );
    },
  },
];

/** Creates due executions, several with the same wakeAt and in no particular order, and one that is not due. */
async function makeDue(store: CheckpointStore): Promise<{ up: string[] }> {
  const names = ["b", "\uffee", "a", "Z", "😀", "10", "9", "é", "_", "c", "B", "~"];
  const rows = await Promise.all(
    names.map((id, index) => store.createExecution(newPending(id, { wakeAt: 3_000 - 1_000 * (index % 3) }))),
  );
  await Promise.all(times(3, (index) => store.createExecution(newPending(`later-${index}`, { wakeInMs: 3_600_000 }))));
  return { up: inOrder(rows, ({ wakeAt = 0 }) => wakeAt).map(({ id }) => id) };
}

async function ids(store: CheckpointStore, options: ListExecutionsOptions): Promise<string[]> {
  return (await store.listExecutions(options)).items.map(({ id }) => id);
}
