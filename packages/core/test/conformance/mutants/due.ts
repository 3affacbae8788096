import type { CheckpointStore, ExecutionRecord, ListExecutionsOptions } from "@waymark/core";
import { type Mutant, type Mutants, refusal } from "./mutant.ts";

/** Changes what a listing of one kind returns, if it is not paged. */
export function changedListing(
  kind: "due" | "leaseExpired",
  fault: string,
  change: (
    heads: ExecutionRecord[],
    store: CheckpointStore,
    options: ListExecutionsOptions,
  ) => ExecutionRecord[] | Promise<ExecutionRecord[]>,
): Mutant {
  return {
    fault,
    wrap: (store) => ({
      listExecutions: async (options = {}) => {
        const page = await store.listExecutions(options);
        if (options[kind] !== true || options.limit !== undefined) return page;
        return { ...page, items: await change(page.items, store, options) };
      },
    }),
  };
}

/** Pages a listing of one kind by offset. */
export function pagedByOffset(kind: "due" | "leaseExpired"): Mutant {
  return {
    fault: `pages a listing of ${kind} by offset`,
    wrap: (store) => ({
      listExecutions: async (options = {}) => {
        const { cursor, limit = 100, ...rest } = options;
        if (options[kind] !== true) return store.listExecutions(options);
        const offset = cursor === undefined ? 0 : Number(/^offset:(\d+)$/.exec(cursor)?.[1] ?? Number.NaN);
        if (Number.isNaN(offset)) throw refusal("INVALID_ARGUMENT");
        const { items } = await store.listExecutions({ ...rest, limit: 1_000 });
        const page = { items: items.slice(offset, offset + limit) };
        return offset + limit < items.length ? { ...page, nextCursor: `offset:${offset + limit}` } : page;
      },
    }),
  };
}

export const dueMutants: Mutants = {
  "due/at-rest": changedListing("due", "lists completed executions as due", async (heads, store, { status }) => {
    if (status !== undefined) return heads;
    const { items } = await store.listExecutions({ status: "completed" });
    return [...heads, ...items.filter(({ wakeAt }) => wakeAt === 5)];
  }),
  "due/order": changedListing("due", "orders ids by UTF-16", (heads) =>
    heads.toSorted((a, b) => Number(a.wakeAt) - Number(b.wakeAt) || (a.id < b.id ? -1 : 1)),
  ),
  "due/pages": {
    fault: "continues after the time of the last row",
    wrap: (store) => ({
      listExecutions: async (options = {}) => {
        const page = await store.listExecutions(options);
        if (!options.due || options.cursor === undefined) return page;
        const [, time] = JSON.parse(Buffer.from(options.cursor, "base64url").toString());
        return { ...page, items: page.items.filter(({ wakeAt = 0 }) => wakeAt > time) };
      },
    }),
  },
  "due/moves": {
    fault: "does not move an execution that is to wait for an hour",
    wrap: (store) => ({
      commit: (id, request) =>
        store.commit(
          id,
          request.head?.wakeInMs === 3_600_000 ? { ...request, head: { ...request.head, wakeInMs: 0 } } : request,
        ),
    }),
  },
  "due/meanwhile": pagedByOffset("due"),
};
