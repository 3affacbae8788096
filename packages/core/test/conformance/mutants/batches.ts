import { changedHeads, gap, type Mutants, mending, onRefusal, refusal } from "./mutant.ts";

export const batchMutants: Mutants = {
  "batches/numbered": {
    fault: "counts the checkpoints of a large commit as one",
    wrap: (store, { notes }) => ({
      ...changedHeads(store, (head) => ({
        ...head,
        checkpointsCount: head.checkpointsCount - Number(notes.get(head.id) ?? 0),
      })),
      commit: async (id, request) => {
        await store.commit(id, request);
        const count = request.checkpoints?.length ?? 0;
        if (count > 50) notes.set(id, count - 1);
      },
    }),
  },
  "batches/too-many": {
    fault: "writes the first hundred of a larger number",
    takesWrongArguments: true,
    wrap: (store) =>
      mending(store, (request) =>
        request?.checkpoints?.length === 101 ? { ...request, checkpoints: request.checkpoints.slice(0, 100) } : request,
      ),
  },
  "batches/one-wrong": {
    fault: "writes the first before it checks the third",
    takesWrongArguments: true,
    wrap: (store) => ({
      commit: (id, request) =>
        onRefusal(
          "INVALID_ARGUMENT",
          () => store.commit(id, request),
          async () => {
            const { checkpoints = [], dropBefore } = request ?? {};
            const [first] = checkpoints;
            if (checkpoints.length === 3 && dropBefore === undefined && first !== undefined) {
              await onRefusal(
                "VERSION_CONFLICT",
                () => store.commit(id, { ...request, checkpoints: [first] }),
                () => undefined,
              );
            }
            throw refusal("INVALID_ARGUMENT");
          },
        ),
    }),
  },
  "batches/too-large": {
    fault: "writes checkpoints one by one, until one is too large",
    wrap: (store) => ({
      commit: (id, request) =>
        onRefusal(
          "PAYLOAD_TOO_LARGE",
          () => store.commit(id, request),
          async () => {
            const { checkpoints = [] } = request;
            if (checkpoints.length > 1) await store.commit(id, { ...request, checkpoints: checkpoints.slice(0, -1) });
            throw refusal("PAYLOAD_TOO_LARGE");
          },
        ),
    }),
  },
  "batches/drop": {
    fault: "checks only the first new checkpoint if dropBefore names one of them",
    wrap: (store) => ({
      commit: async (id, request) => {
        const { seq = 0 } = (await store.getExecution(id)) ?? {};
        const isBeyond = request.dropBefore !== undefined && request.dropBefore > seq + 1;
        if (isBeyond && request.checkpoints?.length === 5) throw refusal("INVALID_ARGUMENT");
        return store.commit(id, request);
      },
    }),
  },
  "batches/drop-refused": {
    fault: "drops nothing if one new checkpoint is a snapshot and dropBefore names another checkpoint",
    wrap: (store) =>
      mending(store, (request) => {
        const { dropBefore, ...rest } = request;
        const isMixed = dropBefore !== undefined && request.checkpoints?.length === 3;
        return isMixed && Number.isInteger(dropBefore) ? rest : request;
      }),
  },
  "batches/again": {
    fault: "finds the records of a repeated commit by the id of the first one, which was dropped",
    wrap: (store, { notes }) => ({
      commit: async (id, request) => {
        const isAgain = notes.get(id) === request.commitId;
        if (isAgain && request.dropBefore !== undefined && request.head?.status === "suspended") {
          throw refusal("INVALID_STATUS");
        }
        await store.commit(id, request);
        if ((request.checkpoints?.length ?? 0) > 1) notes.set(id, request.commitId);
      },
    }),
  },
  "batches/racing": {
    fault: "compares the version of a large commit in one round trip and writes in the next",
    wrap: (store) => ({
      commit: async (id, request) => {
        const before = await store.getExecution(id);
        const isLarge = (request.checkpoints?.length ?? 0) > 5;
        if (!isLarge || before?.version !== request.version) return store.commit(id, request);
        await gap();
        const now = await store.getExecution(id);
        return store.commit(id, { ...request, version: now?.version ?? 0 });
      },
    }),
  },
  "batches/seen-whole": {
    fault: "writes ten checkpoints in two steps",
    wrap: (store, { notes }) => ({
      commit: async (id, request) => {
        await store.commit(id, request);
        const late = (request.checkpoints ?? []).slice(5);
        if (request.checkpoints?.length !== 10) return;
        for (const checkpoint of late) notes.set(checkpoint.id, true);
        await gap();
        for (const checkpoint of late) notes.delete(checkpoint.id);
      },
      readCheckpoints: async (id, options) =>
        (await store.readCheckpoints(id, options)).filter((record) => !notes.has(record.id)),
    }),
  },
};
