import type { ExecutionRecord, ListExecutionsOptions, Page } from "@waymark/core";
import { encodeCursor } from "@waymark/core/store";
import { gap, hasOwnOrder, type Mutants, refusal } from "./mutant.ts";

export const pagingMutants: Mutants = {
  "paging/walk": {
    fault: "treats a page of one row as the last",
    wrap: (store) => ({
      listExecutions: async (options) => {
        const page = await store.listExecutions(options);
        return options?.limit === 1 && !hasOwnOrder(options) ? { items: page.items } : page;
      },
    }),
  },
  "paging/last-page": {
    fault: "returns a nextCursor whenever a page is full",
    wrap: (store) => ({
      listExecutions: async (options) => {
        const page = await store.listExecutions(options);
        const last = page.items.at(-1);
        const isFull = page.items.length === options?.limit && !hasOwnOrder(options);
        return isFull && last !== undefined
          ? { ...page, nextCursor: encodeCursor("createdAt", { time: last.createdAt, id: last.id }) }
          : page;
      },
    }),
  },
  "paging/default-limit": {
    fault: "returns at most 500 rows",
    wrap: (store) => ({
      listExecutions: (options = {}) =>
        store.listExecutions(options.limit === 1_000 ? { ...options, limit: 500 } : options),
    }),
  },
  "paging/filtered": {
    fault: "filters by user after it has cut the page",
    wrap: (store) => ({
      listExecutions: async (options = {}) => {
        const { userId, ...rest } = options;
        if (userId === undefined) return store.listExecutions(options);
        const page = await store.listExecutions(rest);
        const items = page.items.filter((head) => head.userId === userId);
        return items.length === 0 ? { items } : { ...page, items };
      },
    }),
  },
  "paging/inserts": {
    fault: "pages by offset",
    wrap: (store) => ({
      listExecutions: async (options = {}) => {
        const { cursor, limit = 100, ...rest } = options;
        if (limit < 1 || limit > 500 || hasOwnOrder(options)) return store.listExecutions(options);
        const { items } = await store.listExecutions({ ...rest, limit: 1_000 });
        if (items.some(({ createdAt }) => createdAt < 10_000)) return store.listExecutions(options);
        const offset = cursor === undefined ? 0 : Number(/^offset:(\d+)$/.exec(cursor)?.[1] ?? Number.NaN);
        if (Number.isNaN(offset)) throw refusal("INVALID_ARGUMENT");
        const page = { items: items.slice(offset, offset + limit) };
        // In the case of the default limit there are more rows than an offset can reach, so it continues by key.
        if (items.length === 1_000) return store.listExecutions(options);
        return offset + limit < items.length ? { ...page, nextCursor: `offset:${offset + limit}` } : page;
      },
    }),
  },
  "paging/past-inserts": {
    fault: "keeps the second of an import in its cursor",
    wrap: (store) => ({
      listExecutions: async (options) => {
        const page = await store.listExecutions(options);
        const [sortBy, time = 0, id = ""] = partsOf(page.nextCursor);
        if (sortBy !== "createdAt" || time > 10_000) return page;
        return { ...page, nextCursor: encodeCursor(sortBy, { time: time - (time % 1_000), id }) };
      },
    }),
  },
  "paging/racing-inserts": {
    fault: "skips a row that it finds locked by an insertion",
    wrap: (store, { notes }) => ({
      createExecution: async (execution) => {
        const created = await store.createExecution(execution);
        notes.set(execution.id, true);
        await gap();
        notes.delete(execution.id);
        return created;
      },
      listExecutions: async (options) => {
        const page = await store.listExecutions(options);
        return notes.size > 0 ? { ...page, items: page.items.slice(1) } : page;
      },
    }),
  },
  "paging/changes": {
    fault: "orders by the time of the last change",
    wrap: (store) => ({
      listExecutions: async (options = {}) => {
        const { cursor, limit = 100, order = "desc", ...rest } = options;
        if (hasOwnOrder(options)) return store.listExecutions(options);
        const { items, nextCursor } = await store.listExecutions({ ...rest, order, limit: 1_000 });
        if (limit < 1 || limit > 500 || nextCursor !== undefined) return store.listExecutions(options);
        return pageByChange(items, { order, limit, ...(cursor !== undefined && { cursor }) });
      },
    }),
  },
  "paging/deletions": {
    fault: "looks up the cursor's row, and ends the listing if it is gone",
    wrap: (store) => ({
      listExecutions: async (options) => {
        const page = await store.listExecutions(options);
        if (options?.cursor === undefined) return page;
        const [, , id = ""] = partsOf(options.cursor);
        return (await store.getExecution(id)) === undefined ? { items: [] } : page;
      },
    }),
  },
  "paging/other-handle": {
    fault: "keeps its cursors in the handle",
    wrap: (store) => {
      const known = new Set<string>();
      return {
        listExecutions: async (options) => {
          if (options?.cursor !== undefined && !known.has(options.cursor)) throw refusal("INVALID_ARGUMENT");
          const page = await store.listExecutions(options);
          if (page.nextCursor !== undefined) known.add(page.nextCursor);
          return page;
        },
      };
    },
  },
  "paging/other-listing": {
    fault: "does not check to which listing a cursor belongs",
    wrap: (store) => ({
      listExecutions: (options = {}) => {
        const [sortBy, time = 0, id = ""] = partsOf(options.cursor);
        if (!options.due || sortBy === undefined) return store.listExecutions(options);
        return store.listExecutions({ ...options, cursor: encodeCursor("wakeAt", { time, id }) });
      },
    }),
  },
  "paging/cursor-refused": {
    fault: "starts again with a cursor that it cannot read",
    wrap: (store) => ({
      listExecutions: (options = {}) => {
        const { cursor, ...rest } = options;
        return store.listExecutions(cursor !== undefined && cursor.length < 8 ? rest : options);
      },
    }),
  },
};

/** Returns the parts of a cursor of the memory store, or nothing if the value is not a cursor. */
function partsOf(
  cursor: string | undefined,
): [sortBy?: "createdAt" | "wakeAt" | "leaseUntil", time?: number, id?: string] {
  try {
    return JSON.parse(Buffer.from(cursor ?? "", "base64url").toString());
  } catch {
    return [];
  }
}

function pageByChange(
  heads: readonly ExecutionRecord[],
  { order, limit, cursor }: Required<Pick<ListExecutionsOptions, "order" | "limit">> & { cursor?: string },
): Page<ExecutionRecord> {
  // Rows that were never changed keep their places. The others follow in the order of their claims.
  const sign = order === "asc" ? 1 : -1;
  const place = (head: ExecutionRecord) => (head.version === 0 ? 0 : head.token);
  const rows = heads.toSorted((a, b) => sign * (place(a) - place(b)));
  const keyOf = (head: ExecutionRecord) => `key:${place(head)}:${head.createdAt}:${head.id}`;
  const [kind, after = "0", createdAt = "0"] = cursor?.split(":") ?? [];
  if (cursor !== undefined && kind !== "key") throw refusal("INVALID_ARGUMENT");
  const at = rows.findIndex((head) => keyOf(head) === cursor);
  const next = rows.findIndex(
    (head) =>
      sign * (place(head) - Number(after)) > 0 ||
      (place(head) === Number(after) && sign * (head.createdAt - Number(createdAt)) > 0),
  );
  const start = cursor === undefined ? 0 : at >= 0 ? at + 1 : next < 0 ? rows.length : next;
  const items = rows.slice(start, start + limit);
  const last = items.at(-1);
  return start + limit < rows.length && last !== undefined ? { items, nextCursor: keyOf(last) } : { items };
}
