import { type Mutants, mending, refusal } from "./mutant.ts";

export const historyMutants: Mutants = {
  "history/order": {
    fault: "orders numbers as text if an order is given",
    wrap: (store) => ({
      readCheckpoints: async (id, options) => {
        const records = await store.readCheckpoints(id, options);
        return options?.order === "asc" ? records.toSorted((a, b) => (`${a.seq}` < `${b.seq}` ? -1 : 1)) : records;
      },
    }),
  },
  "history/limit": {
    fault: "limits from the oldest, then reverses",
    wrap: (store) => ({
      readCheckpoints: async (id, options = {}) => {
        const records = await store.readCheckpoints(id, { ...options, order: "asc" });
        return options.order === "desc" ? records.reverse() : store.readCheckpoints(id, options);
      },
    }),
  },
  "history/no-cap": {
    fault: "reads a thousand records at most",
    wrap: (store) => ({
      readCheckpoints: async (id, options) => (await store.readCheckpoints(id, options)).slice(0, 1_000),
    }),
  },
  "history/drop": {
    fault: "drops records only if the commit appends a snapshot",
    wrap: (store) => ({
      commit: async (id, request) => {
        const { dropBefore, ...rest } = request;
        const isOlder = dropBefore !== undefined && dropBefore === (await store.getExecution(id))?.snapshotSeq;
        return store.commit(id, isOlder && request.checkpoints?.[0]?.kind === "delta" ? rest : request);
      },
    }),
  },
  "history/drop-before-itself": {
    fault: "checks dropBefore before it writes the commit's own snapshot, after a delta",
    wrap: (store) => ({
      commit: async (id, request) => {
        if (request.dropBefore !== undefined) {
          const [newest] = await store.readCheckpoints(id, { order: "desc", limit: 1 });
          const isItself = newest?.kind === "delta" && newest.seq + 1 === request.dropBefore;
          if (isItself && request.checkpoints?.[0]?.kind === "snapshot") throw refusal("INVALID_ARGUMENT");
        }
        return store.commit(id, request);
      },
    }),
  },
  "history/drop-refused": {
    fault: "resolves without dropping if dropBefore is not the number of a snapshot",
    wrap: (store) =>
      mending(store, (request) => {
        const { dropBefore, ...rest } = request;
        return Number.isInteger(dropBefore) && request.checkpoints?.length !== 3 ? rest : request;
      }),
  },
};
