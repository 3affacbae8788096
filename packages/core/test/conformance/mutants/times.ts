import { changedHeads, type Mutants, mending } from "./mutant.ts";

const HOUR_MS = 3_600_000;

export const timeMutants: Mutants = {
  "times/read-at": {
    fault: "returns the end of the lease as readAt for a repeated creation",
    wrap: (store) => ({
      createExecution: async (execution) => {
        const isThere = (await store.getExecution(execution.id)) !== undefined;
        const head = await store.createExecution(execution);
        return isThere ? { ...head, readAt: (head.leaseUntil ?? head.readAt) + HOUR_MS } : head;
      },
    }),
  },
  "times/read-at-moves": {
    fault: "returns updatedAt as readAt in listings",
    wrap: (store) => ({
      listExecutions: async (options) => {
        const page = await store.listExecutions(options);
        return { ...page, items: page.items.map((head) => ({ ...head, readAt: head.updatedAt })) };
      },
    }),
  },
  "times/read-at-clock": {
    fault: "takes readAt from the caller's clock",
    wrap: (store, { byCallersClock }) => ({ getExecution: (id) => byCallersClock(() => store.getExecution(id)) }),
  },
  "times/wake-in": {
    fault: "counts wakeInMs from the caller's clock",
    wrap: (store, { byCallersClock }) => ({
      commit: (id, request) =>
        request.head?.wakeInMs === undefined
          ? store.commit(id, request)
          : byCallersClock(() => store.commit(id, request)),
    }),
  },
  "times/wake-twice": {
    fault: "accepts wakeAt together with wakeInMs, and uses wakeAt",
    takesWrongArguments: true,
    wrap: (store) =>
      mending(store, (request) => {
        const { wakeAt, wakeInMs } = request?.head ?? {};
        return wakeAt === 5 && wakeInMs === 5 ? { ...request, head: { wakeAt } } : request;
      }),
  },
  "times/deadline": {
    fault: "counts the deadline of an import from its createdAt",
    wrap: (store) =>
      changedHeads(store, (head) =>
        head.createdAt === 5 && head.deadlineAt !== undefined ? { ...head, deadlineAt: 5 + HOUR_MS } : head,
      ),
  },
};
