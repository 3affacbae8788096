import { gap, type Mutants } from "./mutant.ts";

export const atomicityMutants: Mutants = {
  "atomicity/head-then-records": {
    fault: "updates the head, then inserts the record",
    wrap: (store, { notes }) => ({
      commit: async (id, request) => {
        await store.commit(id, request);
        if ((request.checkpoints?.length ?? 0) > 1) return;
        const seq = (await store.getExecution(id))?.seq;
        notes.set(id, seq);
        await gap();
        if (notes.get(id) === seq) notes.delete(id);
      },
      readCheckpoints: async (id, options) =>
        (await store.readCheckpoints(id, options)).filter(
          ({ seq }) => seq < Number(notes.get(id) ?? Number.POSITIVE_INFINITY),
        ),
    }),
  },
  "atomicity/records-then-head": {
    fault: "inserts the record, then updates the head",
    wrap: (store, { notes }) => ({
      commit: async (id, request) => {
        const before = await store.getExecution(id);
        await store.commit(id, request);
        notes.set(id, before);
        await gap();
        if (notes.get(id) === before) notes.delete(id);
      },
      getExecution: async (id) =>
        (notes.get(id) as Awaited<ReturnType<typeof store.getExecution>>) ?? store.getExecution(id),
    }),
  },
  "atomicity/create": {
    fault: "inserts the head, then the initial snapshot",
    wrap: (store, { notes }) => ({
      createExecution: async (execution) => {
        const created = await store.createExecution(execution);
        notes.set(execution.id, true);
        await gap();
        notes.delete(execution.id);
        return created;
      },
      readCheckpoints: async (id, options) => (notes.has(id) ? [] : store.readCheckpoints(id, options)),
    }),
  },
  "atomicity/drop": {
    fault: "appends first and drops in a second step",
    wrap: (store, { notes }) => ({
      commit: async (id, request) => {
        const old = request.dropBefore === undefined ? [] : await store.readCheckpoints(id);
        await store.commit(id, request);
        if (old.length === 0) return;
        notes.set(id, old);
        await gap();
        notes.delete(id);
      },
      readCheckpoints: async (id, options) => [
        ...((notes.get(id) as Awaited<ReturnType<typeof store.readCheckpoints>> | undefined) ?? []),
        ...(await store.readCheckpoints(id, options)),
      ],
    }),
  },
  "atomicity/listing": {
    fault: "lists from a table of its own that follows in a second step",
    wrap: (store, { notes }) => ({
      commit: async (id, request) => {
        await store.commit(id, request);
        notes.set(id, true);
        await gap();
        notes.delete(id);
      },
      listExecutions: async (options) => {
        const page = await store.listExecutions(options);
        return {
          ...page,
          items: page.items.map((head) => (notes.has(head.id) ? { ...head, seq: head.seq - 1 } : head)),
        };
      },
    }),
  },
};
