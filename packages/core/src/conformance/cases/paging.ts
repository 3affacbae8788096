import type { CheckpointStore } from "../../store/checkpoint-store.ts";
import { equal, ok, rejects } from "../assert.ts";
import type { ConformanceCase } from "../case.ts";
import { newClaim, newCommit, newExecution, newPending } from "../fixtures.ts";
import { inOrder } from "../page-order.ts";
import { times } from "../race.ts";
import { walk } from "../walk.ts";

const DIRECTIONS = ["asc", "desc"] as const;

/** Cases about reading a listing page by page, while other calls change executions. */
export const pagingCases: readonly ConformanceCase[] = [
  {
    id: "paging/walk",
    title: "returns every row exactly once, page by page, in both directions",
    invariant: 10,
    async run({ store }) {
      const up = await makeRows(store, 12);
      for (const order of DIRECTIONS) {
        for (const limit of [1, 5, 12]) {
          const expected = order === "asc" ? up : up.toReversed();
          equal(
            await walk(store, { order, limit }),
            expected,
            `With pages of ${limit} in ${order} order, continue after (createdAt, id) of the last row: rows of the same millisecond must be neither skipped nor repeated.`,
          );
        }
      }
    },
  },
  {
    id: "paging/last-page",
    title: "returns no nextCursor on the last page, even if that page is full",
    invariant: 10,
    async run({ store }) {
      equal(
        await store.listExecutions(),
        { items: [] },
        "A listing without rows must be an empty page without nextCursor.",
      );
      await makeRows(store, 4);
      const first = await store.listExecutions({ limit: 2 });
      ok(first.nextCursor !== undefined, "A page that is followed by another must have a nextCursor.");
      const last = await store.listExecutions({ limit: 2, cursor: first.nextCursor ?? "" });
      equal(
        { rows: last.items.length, nextCursor: last.nextCursor },
        { rows: 2, nextCursor: undefined },
        "The last page must have no nextCursor, even if it is full: read one row more than the limit to find out.",
      );
    },
  },
  {
    id: "paging/default-limit",
    title: "returns 100 rows by default, up to 1,000 with a limit, and all rows over several pages",
    invariant: 10,
    async run({ store }) {
      const rows: string[] = [];
      for (let batch = 0; batch < 11; batch++) {
        const made = await Promise.all(
          times(batch < 10 ? 100 : 2, (n) => store.createExecution(newPending(`e${batch}-${n}`))),
        );
        rows.push(...made.map(({ id }) => id));
      }
      equal((await store.listExecutions()).items.length, 100, "A page without a limit must have up to 100 rows.");
      equal(
        (await store.listExecutions({ limit: 1_000 })).items.length,
        1_000,
        "A limit of up to 1,000 must be honoured.",
      );
      equal(
        (await walk(store, { limit: 400 })).toSorted(),
        rows.toSorted(),
        "All pages together must return all 1,002 rows: there must be no hidden limit.",
      );
    },
  },
  {
    id: "paging/filtered",
    title: "returns every row of a filtered listing, page by page",
    invariant: 10,
    async run({ store }) {
      const rows = await makeRows(store, 12, (index) => ({ userId: `u${index % 3}` }));
      for (const order of DIRECTIONS) {
        const walked = await walk(store, { userId: "u1", status: "pending", order, limit: 2 });
        equal(
          walked.toSorted(),
          rows.filter((id) => Number(id.slice(1)) % 3 === 1).toSorted(),
          "Cut a page after the filters are applied, and make the cursor from the last row of the page.",
        );
      }
    },
  },
  {
    id: "paging/inserts",
    title: "returns every existing row once while others are created",
    invariant: 10,
    async run({ store }) {
      const rows = await makeRows(store, 9);
      for (const order of DIRECTIONS) {
        const walked = await walk(store, { order, limit: 3 }, async (page) => {
          // Ids that sort before and after the existing ones.
          for (const name of ["!", "~"]) await store.createExecution(newPending(`${name}${order}${page}`));
        });
        const old = walked.filter((id) => rows.includes(id));
        equal(
          old,
          order === "asc" ? rows : rows.toReversed(),
          "Page by key, never by offset: new rows must not shift the others.",
        );
        equal(new Set(walked).size, walked.length, "No row may be returned twice.");
      }
    },
  },
  {
    id: "paging/past-inserts",
    title: "returns every existing row once while others are imported with earlier creation times",
    invariant: 10,
    async run({ store }) {
      const import_ = (id: string, createdAt: number) => store.createExecution(newPending(id, { createdAt }));
      const rows = await Promise.all(times(9, (index) => import_(`e${index}`, 1_000 * Math.floor(index / 2))));
      const up = inOrder(rows).map(({ id }) => id);
      for (const order of DIRECTIONS) {
        const walked = await walk(store, { order, limit: 2 }, async (page, last) => {
          if (page > 3) return;
          // Places before the last row that was read, next to it, and after it.
          for (const [index, createdAt] of [0, last.createdAt, last.createdAt + 500, 4_500].entries()) {
            for (const name of ["!", "~"]) await import_(`${name}${order}${page}-${index}`, createdAt);
          }
        });
        equal(
          walked.filter((id) => up.includes(id)),
          order === "asc" ? up : up.toReversed(),
          "New rows before, within or after a page must not shift the others: page by (createdAt, id).",
        );
        equal(new Set(walked).size, walked.length, "No row may be returned twice.");
      }
    },
  },
  {
    id: "paging/racing-inserts",
    title: "returns every existing row once while 32 others are being created",
    invariant: 10,
    async run({ store, reopen }) {
      const other = await reopen();
      const rows = await makeRows(store, 16);
      const insert = Promise.all(times(32, (index) => other.createExecution(newPending(`new-${index}`))));
      const [up, down] = await Promise.all([
        walk(store, { order: "asc", limit: 3 }),
        walk(store, { order: "desc", limit: 3 }),
        insert,
      ]);
      equal(
        up?.filter((id) => rows.includes(id)),
        rows,
        "Creations during a listing must not hide or repeat a row.",
      );
      equal(
        down?.filter((id) => rows.includes(id)),
        rows.toReversed(),
        "Creations during a listing must not hide or repeat a row.",
      );
    },
  },
  {
    id: "paging/changes",
    title: "returns every row once while rows are claimed and committed to",
    invariant: 10,
    async run({ store }) {
      const rows = await makeRows(store, 9, () => ({ status: "running", owner: "o", leaseMs: 0 }));
      for (const order of DIRECTIONS) {
        const walked = await walk(store, { order, limit: 2 }, async (page) => {
          for (const index of [page, 8 - page]) {
            const id = rows[index];
            if (id === undefined) continue;
            await store.commit(id, newCommit(await store.claimExecution(id, newClaim({ leaseMs: 0 }))));
          }
        });
        equal(
          walked,
          order === "asc" ? rows : rows.toReversed(),
          "Order by values that never change (createdAt and id), never by updatedAt, version or a mutable index.",
        );
      }
    },
  },
  {
    id: "paging/deletions",
    title: "returns every remaining row once while others are deleted, including the last row that was read",
    invariant: 10,
    async run({ store }) {
      for (const order of DIRECTIONS) {
        const rows = await makeRows(store, 9, () => ({ workflowId: `deletions-${order}` }), `${order}-`);
        const deleted: string[] = [];
        const walked = await walk(store, { workflowId: `deletions-${order}`, order, limit: 2 }, async (_page, last) => {
          deleted.push(last.id);
          await store.deleteExecutions([last]);
        });
        equal(
          walked,
          order === "asc" ? rows : rows.toReversed(),
          "A cursor must contain (createdAt, id) itself: the row from which it was made may be deleted, and rows before it too.",
        );
        ok(deleted.length > 0, "A listing of nine rows must have more than one page of two.");
      }
    },
  },
  {
    id: "paging/other-handle",
    title: "continues from the same cursor on another handle, any number of times",
    invariant: 10,
    async run({ store, reopen }) {
      const rows = await makeRows(store, 6);
      const other = await reopen();
      const { nextCursor = "" } = await store.listExecutions({ order: "asc", limit: 3 });
      for (const handle of [other, store, other]) {
        const { items } = await handle.listExecutions({ order: "asc", limit: 3, cursor: nextCursor });
        equal(
          items.map(({ id }) => id),
          rows.slice(3),
          "A cursor must contain everything it needs: keep no state of a listing in the store or the handle.",
        );
      }
    },
  },
  {
    id: "paging/other-listing",
    title: "refuses the cursor of a listing in another order",
    invariant: 10,
    async run({ store }) {
      for (const wakeAt of [5, 6]) {
        await store.createExecution(newPending(`due-${wakeAt}`, { wakeAt }));
        await store.createExecution(newExecution(`lapsed-${wakeAt}`, { leaseMs: 0 }));
      }
      const listings = { createdAt: {}, due: { due: true }, leaseExpired: { leaseExpired: true } };
      for (const [name, options] of Object.entries(listings)) {
        const { nextCursor: cursor = "" } = await store.listExecutions({ ...options, limit: 1 });
        for (const [other, others] of Object.entries(listings)) {
          const read = () => store.listExecutions({ ...others, limit: 1, cursor });
          if (other === name) equal((await read()).items.length, 1, "A listing must accept its own cursor.");
          else {
            const advice = `A listing by ${other} must refuse the cursor of a listing by ${name}: it contains another time.`;
            await rejects(read, "INVALID_ARGUMENT", advice);
          }
        }
      }
    },
  },
  {
    id: "paging/cursor-refused",
    title: "refuses a cursor that it did not return",
    invariant: 10,
    async run({ store }) {
      await makeRows(store, 3);
      for (const cursor of ["", "garbage", "0", "e1", "bnVsbA", "W10"]) {
        await rejects(
          () => store.listExecutions({ cursor }),
          "INVALID_ARGUMENT",
          `A cursor like ${JSON.stringify(cursor)} must be refused: a listing that starts again would never end.`,
        );
      }
    },
  },
];

/** Creates rows at once, so that several have the same createdAt. Returns their ids in ascending order. */
async function makeRows(
  store: CheckpointStore,
  count: number,
  changes: (index: number) => Parameters<typeof newExecution>[1] = () => ({}),
  prefix = "e",
): Promise<string[]> {
  const rows = await Promise.all(
    times(count, (index) => store.createExecution(newPending(`${prefix}${index}`, changes(index)))),
  );
  return inOrder(rows).map(({ id }) => id);
}
