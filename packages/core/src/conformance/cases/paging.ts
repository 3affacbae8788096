import type { CheckpointStore } from "../../store/checkpoint-store.ts";
import { equal, ok, rejects } from "../assert.ts";
import type { ConformanceCase } from "../case.ts";
import { newClaim, newCommit, newExecution, newPending } from "../fixtures.ts";
import { inOrder } from "../page-order.ts";
import { times } from "../race.ts";
import { walk } from "../walk.ts";

const DIRECTIONS = ["asc", "desc"] as const;

/** Walking through a listing page by page, while others go on. */
export const pagingCases: readonly ConformanceCase[] = [
  {
    id: "paging/walk",
    title: "gives every row exactly once, page by page, in both directions",
    invariant: 10,
    async run({ store }) {
      const up = await makeRows(store, 12);
      for (const order of DIRECTIONS) {
        for (const limit of [1, 5, 12]) {
          const expected = order === "asc" ? up : up.toReversed();
          equal(
            await walk(store, { order, limit }),
            expected,
            `Pages of ${limit}, ${order}: continue after (createdAt, id) of the last row; rows of one millisecond must neither be skipped nor come twice.`,
          );
        }
      }
    },
  },
  {
    id: "paging/last-page",
    title: "gives no nextCursor on the last page, even where it is full",
    invariant: 10,
    async run({ store }) {
      equal(await store.listExecutions(), { items: [] }, "A listing of nothing is an empty page without nextCursor.");
      await makeRows(store, 4);
      const first = await store.listExecutions({ limit: 2 });
      ok(first.nextCursor !== undefined, "A page that others follow must have a nextCursor.");
      const last = await store.listExecutions({ limit: 2, cursor: first.nextCursor ?? "" });
      equal(
        { rows: last.items.length, nextCursor: last.nextCursor },
        { rows: 2, nextCursor: undefined },
        "The last page must have no nextCursor, also when it is full: read one row more than asked for to know.",
      );
    },
  },
  {
    id: "paging/default-limit",
    title: "gives 100 rows where no limit is named, up to 1,000 where one is, and all by walking",
    invariant: 10,
    async run({ store }) {
      const rows: string[] = [];
      for (let batch = 0; batch < 11; batch++) {
        const made = await Promise.all(
          times(batch < 10 ? 100 : 2, (n) => store.createExecution(newPending(`e${batch}-${n}`))),
        );
        rows.push(...made.map(({ id }) => id));
      }
      equal((await store.listExecutions()).items.length, 100, "A page has 100 rows unless a limit is named.");
      equal((await store.listExecutions({ limit: 1_000 })).items.length, 1_000, "A limit up to 1,000 must be kept to.");
      equal(
        (await walk(store, { limit: 400 })).toSorted(),
        rows.toSorted(),
        "Walking must give all 1,002 rows: there is no cap.",
      );
    },
  },
  {
    id: "paging/filtered",
    title: "walks through a filtered listing without losing rows",
    invariant: 10,
    async run({ store }) {
      const rows = await makeRows(store, 12, (index) => ({ userId: `u${index % 3}` }));
      for (const order of DIRECTIONS) {
        const walked = await walk(store, { userId: "u1", status: "pending", order, limit: 2 });
        equal(
          walked.toSorted(),
          rows.filter((id) => Number(id.slice(1)) % 3 === 1).toSorted(),
          "A page must be cut after the filters are applied, and its cursor be that of its own last row.",
        );
      }
    },
  },
  {
    id: "paging/inserts",
    title: "gives every row that was there once, while others are inserted",
    invariant: 10,
    async run({ store }) {
      const rows = await makeRows(store, 9);
      for (const order of DIRECTIONS) {
        const walked = await walk(store, { order, limit: 3 }, async (page) => {
          // Ids that sort before and after those that are there.
          for (const name of ["!", "~"]) await store.createExecution(newPending(`${name}${order}${page}`));
        });
        const old = walked.filter((id) => rows.includes(id));
        equal(
          old,
          order === "asc" ? rows : rows.toReversed(),
          "Page by key, never by offset: rows that are inserted must not shift the others.",
        );
        equal(new Set(walked).size, walked.length, "No row may come twice.");
      }
    },
  },
  {
    id: "paging/past-inserts",
    title: "returns every row that was there once, while others are imported into the past",
    invariant: 10,
    async run({ store }) {
      const import_ = (id: string, createdAt: number) => store.createExecution(newPending(id, { createdAt }));
      const rows = await Promise.all(times(9, (index) => import_(`e${index}`, 1_000 * Math.floor(index / 2))));
      const up = inOrder(rows).map(({ id }) => id);
      for (const order of DIRECTIONS) {
        const walked = await walk(store, { order, limit: 2 }, async (page, last) => {
          if (page > 3) return;
          // Before the last row that was read, beside it, and after it.
          for (const [index, createdAt] of [0, last.createdAt, last.createdAt + 500, 4_500].entries()) {
            for (const name of ["!", "~"]) await import_(`${name}${order}${page}-${index}`, createdAt);
          }
        });
        equal(
          walked.filter((id) => up.includes(id)),
          order === "asc" ? up : up.toReversed(),
          "Rows that come in between, before or after a page must not shift the others: page by (createdAt, id).",
        );
        equal(new Set(walked).size, walked.length, "No row may come twice.");
      }
    },
  },
  {
    id: "paging/racing-inserts",
    title: "gives every row that was there once, while 32 others are being inserted",
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
        "Inserts in mid-listing must not hide or repeat a row.",
      );
      equal(
        down?.filter((id) => rows.includes(id)),
        rows.toReversed(),
        "Inserts in mid-listing must not hide or repeat a row.",
      );
    },
  },
  {
    id: "paging/changes",
    title: "gives every row once, while rows are claimed and committed to",
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
          "Order by what never changes (createdAt and id), never by updatedAt, version or the order of an index that moves.",
        );
      }
    },
  },
  {
    id: "paging/deletions",
    title: "gives every row that stays once, while others are deleted, the last one read too",
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
          "A cursor holds (createdAt, id) itself: the row that it was made from may be gone, and rows before it too.",
        );
        ok(deleted.length > 0, "A listing of nine rows must have more than one page of two.");
      }
    },
  },
  {
    id: "paging/other-handle",
    title: "goes on on another handle with the same cursor, as often as wanted",
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
          "A cursor must hold all it needs: keep nothing about a listing in the store or the handle.",
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
          if (other === name) equal((await read()).items.length, 1, "A listing must continue by its own cursor.");
          else {
            const advice = `A cursor of a listing by ${name} must be refused by one by ${other}: its time is another one.`;
            await rejects(read, "INVALID_ARGUMENT", advice);
          }
        }
      }
    },
  },
  {
    id: "paging/cursor-refused",
    title: "refuses a cursor that it did not give",
    invariant: 10,
    async run({ store }) {
      await makeRows(store, 3);
      for (const cursor of ["", "garbage", "0", "e1", "bnVsbA", "W10"]) {
        await rejects(
          () => store.listExecutions({ cursor }),
          "INVALID_ARGUMENT",
          `A cursor like ${JSON.stringify(cursor)} must be refused: a listing that begins anew would never end.`,
        );
      }
    },
  },
];

/** Makes rows at once, so that several are dated the same millisecond; gives their ids in ascending order. */
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
