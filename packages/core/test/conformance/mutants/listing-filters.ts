import type { ListExecutionsOptions } from "@waymark/core";
import { losing } from "./lost-fields.ts";
import { type Mutants, onRefusal } from "./mutant.ts";

export const listingFilterMutants: Mutants = {
  "listing/created-after": losing("list", "createdAfter", ({ status }) => status === undefined),
  "listing/ended-after": {
    fault: "compares updatedAt",
    wrap: (store) => ({
      listExecutions: async (options = {}) => {
        const { endedAfter, ...rest } = options;
        if (endedAfter === undefined || options.status !== undefined) return store.listExecutions(options);
        const page = await store.listExecutions(rest);
        const items = page.items.filter((head) => head.endedAt !== undefined && head.updatedAt > endedAfter);
        return { ...page, items };
      },
    }),
  },
  "listing/ended-for": {
    fault: "treats 0 ms as no condition",
    wrap: (store) => ({
      listExecutions: ({ endedForMs, ...rest }: ListExecutionsOptions = {}) =>
        store.listExecutions(endedForMs ? { ...rest, endedForMs } : rest),
    }),
  },
  "listing/top-level": {
    fault: "treats a fork as a child",
    wrap: (store) => ({
      listExecutions: async (options) => {
        const page = await store.listExecutions(options);
        const isChild = (id: string | undefined) => id !== undefined && id !== "origin-1" && id !== "origin-2";
        return options?.topLevel ? { ...page, items: page.items.filter((head) => !isChild(head.forkedFromId)) } : page;
      },
    }),
  },
  "listing/conditions-refused": {
    fault: "accepts an order for a listing that has an order of its own",
    takesWrongArguments: true,
    wrap: (store) => ({
      listExecutions: (options) =>
        onRefusal(
          "INVALID_ARGUMENT",
          () => store.listExecutions(options),
          () => {
            const { order, ...rest } = options ?? {};
            return rest.due && order !== undefined ? store.listExecutions(rest) : store.listExecutions(options);
          },
        ),
    }),
  },
  "listing/joined": {
    fault: "ignores userId in a listing of due executions",
    wrap: (store) => ({
      listExecutions: (options) => {
        const { userId: _userId, ...rest } = options ?? {};
        return store.listExecutions(options?.due && options.parentId === "p1" ? rest : options);
      },
    }),
  },
};
