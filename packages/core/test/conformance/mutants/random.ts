import { changedHeads, changedRecords, gap, type Mutants, onRefusal, refusal } from "./mutant.ts";

export const randomMutants: Mutants = {
  "random/sequences": {
    fault: "does not reset recoveries on a commit that drops records",
    wrap: (store, { notes }) => ({
      ...changedHeads(store, (head) => {
        const recoveries = notes.get(`${head.id}/${head.token}`);
        return recoveries === undefined ? head : { ...head, recoveries: recoveries as number };
      }),
      commit: async (id, request) => {
        const before = await store.getExecution(id);
        await store.commit(id, request);
        const key = `${id}/${request.token}`;
        if (request.dropBefore === undefined) notes.delete(key);
        else if (before?.recoveries && before.version === request.version) notes.set(key, before.recoveries);
      },
    }),
  },
  "random/races": {
    fault: "grants a claim of an execution that is deleted meanwhile",
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
    fault: "loses characters beyond U+FFFF",
    wrap: (store) =>
      changedRecords(store, (record) => ({
        ...record,
        payload: record.payload.replaceAll(/[\u{20000}-\u{10ffff}]/gu, "\ufffd"),
      })),
  },
};
