import type { WorkflowStatus } from "@waymark/core";
import { hasOwnOrder, type Mutants } from "./mutant.ts";

export const listingMutants: Mutants = {
  "listing/heads": {
    fault: "forgets a column in the SELECT of listExecutions",
    wrap: (store) => ({
      listExecutions: async (options) => {
        const page = await store.listExecutions(options);
        for (const head of page.items) delete head.definitionHash;
        return page;
      },
    }),
  },
  "listing/order": {
    fault: "lists the oldest first by default",
    wrap: (store) => ({
      listExecutions: (options) => store.listExecutions(hasOwnOrder(options) ? options : { order: "asc", ...options }),
    }),
  },
  "listing/order-beyond-bmp": {
    fault: "orders ids by UTF-16",
    wrap: (store) => ({
      listExecutions: async (options) => {
        const page = await store.listExecutions(options);
        if (hasOwnOrder(options)) return page;
        const sign = options?.order === "asc" ? 1 : -1;
        page.items.sort((a, b) => sign * (a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1)));
        return page;
      },
    }),
  },
  "listing/status": {
    fault: "treats an empty list of statuses as no condition",
    wrap: (store) => ({
      listExecutions: (options = {}) => {
        const { status, ...rest } = options;
        return store.listExecutions(Array.isArray(status) && status.length === 0 ? rest : options);
      },
    }),
  },
  "listing/fresh": {
    fault: "has an index by status that a claim does not update",
    wrap: (store, { notes }) => ({
      claimExecution: async (id, request) => {
        const before = await store.getExecution(id);
        const claimed = await store.claimExecution(id, request);
        if (before?.status === "failed") notes.set(id, "failed");
        return claimed;
      },
      listExecutions: async (options = {}) => {
        const page = await store.listExecutions(options);
        const { status, ...rest } = options;
        if (typeof status !== "string" || notes.size === 0) return page;
        const indexed = (await store.listExecutions(rest)).items.filter(
          (head) => ((notes.get(head.id) as WorkflowStatus | undefined) ?? head.status) === status,
        );
        return { items: indexed };
      },
    }),
  },
  "listing/created-before": {
    fault: "also lists executions that were created in that millisecond",
    wrap: (store) => ({
      listExecutions: (options = {}) =>
        store.listExecutions(
          options.createdBefore ? { ...options, createdBefore: options.createdBefore + 1 } : options,
        ),
    }),
  },
  "listing/lapsed": {
    fault: "treats leaseExpired: false as a condition",
    wrap: (store) => ({
      listExecutions: async (options) => {
        const page = await store.listExecutions(options);
        if (options?.leaseExpired !== false) return page;
        return {
          ...page,
          items: page.items.filter(({ leaseUntil = Number.POSITIVE_INFINITY }) => leaseUntil > Date.now()),
        };
      },
    }),
  },
  "listing/due": {
    fault: "treats wakeAt 0 as no wakeAt",
    wrap: (store) => ({
      listExecutions: async (options) => {
        const page = await store.listExecutions(options);
        return options?.due ? { ...page, items: page.items.filter(({ wakeAt }) => wakeAt) } : page;
      },
    }),
  },
};
