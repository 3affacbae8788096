import { changedHeads, changedRecords, gap, type Mutants, onRefusal, refusal } from "./mutant.ts";

export const randomMutants: Mutants = {
  "random/sequences": {
    fault: "leaves the time to wake at when what was suspended, cancelled or completed is claimed",
    wrap: (store, { notes }) => ({
      ...changedHeads(store, (head) => {
        const wakeAt = notes.get(`${head.id}/${head.token}`);
        return wakeAt === undefined ? head : { ...head, wakeAt: wakeAt as number };
      }),
      claimExecution: async (id, request) => {
        const before = await store.getExecution(id);
        const claimed = await store.claimExecution(id, request);
        if (before?.wakeAt === undefined || !["suspended", "cancelled", "completed"].includes(before.status))
          return claimed;
        notes.set(`${id}/${claimed.token}`, before.wakeAt);
        return { ...claimed, wakeAt: before.wakeAt };
      },
    }),
  },
  "random/races": {
    fault: "grants a claim of what is deleted meanwhile",
    wrap: (store) => ({
      claimExecution: async (id, request) => {
        const before = await store.getExecution(id);
        if (before === undefined) return store.claimExecution(id, request);
        await gap();
        return onRefusal(
          "EXECUTION_NOT_FOUND",
          () => store.claimExecution(id, request),
          () => {
            if (!request.from.includes(before.status)) throw refusal("INVALID_STATUS");
            return { ...before, token: before.token + 1_000, status: "running", owner: request.owner };
          },
        );
      },
    }),
  },
  "random/texts": {
    fault: "has no room for characters of the higher planes",
    wrap: (store) =>
      changedRecords(store, (record) => ({
        ...record,
        payload: record.payload.replaceAll(/[\u{20000}-\u{10ffff}]/gu, "\ufffd"),
      })),
  },
};
