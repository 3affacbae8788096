import { changedHeads, type Mutants, mending } from "./mutant.ts";

const HOUR_MS = 3_600_000;

export const timeMutants: Mutants = {
  "times/read-at": {
    fault: "dates what a creation finds there by the end of its lease",
    wrap: (store) => ({
      createExecution: async (execution) => {
        const isThere = (await store.getExecution(execution.id)) !== undefined;
        const head = await store.createExecution(execution);
        return isThere ? { ...head, readAt: (head.leaseUntil ?? head.readAt) + HOUR_MS } : head;
      },
    }),
  },
  "times/read-at-moves": {
    fault: "dates what it lists with the time of its last change",
    wrap: (store) => ({
      listExecutions: async (options) => {
        const page = await store.listExecutions(options);
        return { ...page, items: page.items.map((head) => ({ ...head, readAt: head.updatedAt })) };
      },
    }),
  },
  "times/read-at-clock": {
    fault: "dates what it reads by the reader's clock",
    wrap: (store, { byCallersClock }) => ({ getExecution: (id) => byCallersClock(() => store.getExecution(id)) }),
  },
  "times/wake-in": {
    fault: "counts a wait by the caller's clock",
    wrap: (store, { byCallersClock }) => ({
      commit: (id, request) =>
        request.head?.wakeInMs === undefined
          ? store.commit(id, request)
          : byCallersClock(() => store.commit(id, request)),
    }),
  },
  "times/wake-twice": {
    fault: "takes the time of a wait where a duration is named as well",
    takesWrongArguments: true,
    wrap: (store) =>
      mending(store, (request) => {
        const { wakeAt, wakeInMs } = request?.head ?? {};
        return wakeAt === 5 && wakeInMs === 5 ? { ...request, head: { wakeAt } } : request;
      }),
  },
  "times/deadline": {
    fault: "counts the deadline of an import from when it was created",
    wrap: (store) =>
      changedHeads(store, (head) =>
        head.createdAt === 5 && head.deadlineAt !== undefined ? { ...head, deadlineAt: 5 + HOUR_MS } : head,
      ),
  },
};
