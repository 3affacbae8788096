import type { ExecutionRecord } from "@waymark/core";
import { changedListing, pagedByOffset } from "./due.ts";
import type { Mutants } from "./mutant.ts";

export const lapsedMutants: Mutants = {
  "lapsed/order": changedListing("leaseExpired", "lists the ids of many executions in the other direction", (heads) =>
    heads.length > 5 ? heads.toReversed() : heads,
  ),
  "lapsed/pages": {
    fault: "begins a page of five one row late",
    wrap: (store) => ({
      listExecutions: async (options = {}) => {
        const page = await store.listExecutions(options);
        const isLate = options.leaseExpired && options.cursor !== undefined && options.limit === 5;
        return isLate ? { ...page, items: page.items.slice(1) } : page;
      },
    }),
  },
  "lapsed/renewed": {
    fault: "lists by the end that a claim or a creation wrote, without reading the head",
    wrap: (store, { notes }) => ({
      commit: async (id, request) => {
        const before = await store.getExecution(id);
        await store.commit(id, request);
        if (request.leaseMs && (before?.leaseUntil ?? 0) <= Date.now()) notes.set(id, before);
      },
      listExecutions: async (options = {}) => {
        const page = await store.listExecutions(options);
        if (!options.leaseExpired || options.limit !== undefined) return page;
        const renewed = [...notes.values()] as ExecutionRecord[];
        return { ...page, items: [...page.items, ...renewed] };
      },
    }),
  },
  "lapsed/new-place": changedListing("leaseExpired", "lists a lease by its first end", (heads) =>
    heads.toSorted((a, b) => a.createdAt - b.createdAt),
  ),
  "lapsed/shortened": {
    fault: "assumes that a lease cannot end earlier than a claim or a creation wrote",
    wrap: (store, { notes }) => ({
      commit: async (id, request) => {
        const before = await store.getExecution(id);
        await store.commit(id, request);
        if (request.leaseMs === 0 && (before?.leaseUntil ?? 0) > Date.now()) notes.set(id, true);
      },
      listExecutions: async (options = {}) => {
        const page = await store.listExecutions(options);
        if (!options.leaseExpired || options.limit !== undefined) return page;
        return { ...page, items: page.items.filter(({ id }) => !notes.has(id)) };
      },
    }),
  },
  "lapsed/taken": changedListing("leaseExpired", "leaves a cancelled execution in its index", async (heads, store) => {
    const { items } = await store.listExecutions({ status: "cancelled" });
    return [...heads, ...items.filter(({ failure }) => failure !== undefined)];
  }),
  "lapsed/meanwhile": pagedByOffset("leaseExpired"),
};
