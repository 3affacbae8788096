import type { CheckpointRecord, NewCheckpoint } from "@waymark/core";
import { type Mutants, overlay } from "./mutant.ts";

const sharedDefinitions = new Map<string, string>();
let opened = 0;

export const isolationMutants: Mutants = {
  "isolation/harness": {
    fault: "shares definitions between all open stores",
    open: async (open) => {
      const inner = await open();
      opened += 1;
      const { store } = inner;
      return {
        ...inner,
        store: overlay(store, {
          saveDefinition: async (hash, json) => {
            await store.saveDefinition(hash, json);
            sharedDefinitions.set(hash, json);
          },
          getDefinition: async (hash) => (await store.getDefinition(hash)) ?? sharedDefinitions.get(hash),
        }),
        close: async () => {
          opened -= 1;
          if (opened === 0) sharedDefinitions.clear();
          await inner.close();
        },
      };
    },
  },
  "isolation/hostile-ids": {
    fault: "trims ids",
    wrap: (store) => ({
      createExecution: (execution) => store.createExecution({ ...execution, id: trimmed(execution.id) }),
      getExecution: (id) => store.getExecution(trimmed(id)),
      claimExecution: (id, request) => store.claimExecution(trimmed(id), request),
      commit: (id, request) => store.commit(trimmed(id), request),
      readCheckpoints: (id, options) => store.readCheckpoints(trimmed(id), options),
      deleteExecutions: (refs) =>
        store.deleteExecutions(Array.isArray(refs) ? refs.map((ref) => ({ ...ref, id: trimmed(ref.id) })) : refs),
    }),
  },
  "isolation/hostile-filters": {
    fault: "compares users without regard to case",
    wrap: (store) => ({
      listExecutions: async (options = {}) => {
        const { userId, ...rest } = options;
        const page = await store.listExecutions(options);
        if (userId === undefined) return page;
        const all = await store.listExecutions(rest);
        const alike = all.items.filter((head) => head.userId.toLowerCase() === userId.toLowerCase());
        return alike.length > page.items.length && page.nextCursor === undefined && options.limit === undefined
          ? { items: alike }
          : page;
      },
    }),
  },
  "isolation/hostile-names": {
    fault: "trims hashes",
    wrap: (store) => ({
      saveDefinition: (hash, json) => store.saveDefinition(trimmed(hash), json),
      getDefinition: (hash) => store.getDefinition(trimmed(hash)),
    }),
  },
  "isolation/returned-copies": {
    fault: "returns the same record object to every reader",
    wrap: (store, { notes }) => ({
      readCheckpoints: async (id, options) =>
        (await store.readCheckpoints(id, options)).map((record) => {
          const key = `${id}/${record.id}`;
          if (!notes.has(key)) notes.set(key, record);
          return notes.get(key) as CheckpointRecord;
        }),
    }),
  },
  "isolation/given-copies": {
    fault: "keeps the caller's checkpoint object",
    wrap: (store, { notes }) => ({
      commit: async (id, request) => {
        await store.commit(id, request);
        for (const checkpoint of request.checkpoints ?? []) notes.set(checkpoint.id, checkpoint);
      },
      readCheckpoints: async (id, options) =>
        (await store.readCheckpoints(id, options)).map((record) => {
          const given = notes.get(record.id) as NewCheckpoint | undefined;
          return given === undefined ? record : { ...record, payload: given.payload };
        }),
    }),
  },
};

function trimmed(id: string): string {
  // A value that is not an id, or would not be one when trimmed, is passed on and refused.
  return typeof id === "string" && id.trim() !== "" ? id.trim() : id;
}
