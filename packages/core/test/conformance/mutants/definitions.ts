import type { CheckpointStore, WorkflowStatus } from "@waymark/core";
import { gap, type Mutants } from "./mutant.ts";

const GONE = "gone: ";

/** Returns methods that hide the definitions that `notes` marks as gone, until they are saved again. */
function forgetful(store: CheckpointStore, notes: Map<string, unknown>): Partial<CheckpointStore> {
  return {
    saveDefinition: async (hash, json) => {
      await store.saveDefinition(hash, json);
      notes.set(hash, true).set("last", hash);
      notes.delete(`${GONE}${hash}`);
    },
    getDefinition: async (hash) => (notes.has(`${GONE}${hash}`) ? undefined : store.getDefinition(hash)),
  };
}

async function usedBy(store: CheckpointStore, status: readonly WorkflowStatus[]): Promise<Set<string | undefined>> {
  const { items } = await store.listExecutions({ status });
  return new Set(items.map((head) => head.definitionHash));
}

export const definitionMutants: Mutants = {
  "definitions/young": {
    fault: "does not check the age",
    wrap: (store, { notes }) => ({
      ...forgetful(store, notes),
      deleteUnusedDefinitions: async (options) => {
        const used = await usedBy(store, ["pending", "running", "suspended", "completed", "failed", "cancelled"]);
        const unused = [...notes.keys()].filter((hash) => hash.startsWith("young") && !used.has(hash));
        for (const hash of unused) {
          notes.set(`${GONE}${hash}`, true);
          notes.delete(hash);
        }
        return unused.length + (await store.deleteUnusedDefinitions(options));
      },
    }),
  },
  "definitions/unused": {
    fault: "deletes definitions that only ended executions refer to",
    wrap: (store, { notes }) => ({
      ...forgetful(store, notes),
      deleteUnusedDefinitions: async (options) => {
        const deleted = await store.deleteUnusedDefinitions(options);
        for (const hash of await usedBy(store, ["completed", "cancelled"])) notes.set(`${GONE}${hash}`, true);
        return deleted;
      },
    }),
  },
  "definitions/saved-again": {
    fault: "keeps the time at which a definition was first saved",
    wrap: (store) => ({
      saveDefinition: async (hash, json) => {
        if ((await store.getDefinition(hash).catch(() => undefined)) !== undefined) return;
        await store.saveDefinition(hash, json);
      },
    }),
  },
  "definitions/many": {
    fault: "counts only the last 256 definitions that it deleted",
    wrap: (store) => ({
      deleteUnusedDefinitions: async (options) => Math.min(256, await store.deleteUnusedDefinitions(options)),
    }),
  },
  "definitions/racing-creation": {
    fault: "finds unused definitions in one round trip and deletes them in the next",
    wrap: (store, { notes }) => ({
      ...forgetful(store, notes),
      deleteUnusedDefinitions: async (options) => {
        const last = notes.get("last");
        const deleted = await store.deleteUnusedDefinitions(options);
        await gap();
        if (deleted > 0) notes.set(`${GONE}${last}`, true);
        return deleted;
      },
    }),
  },
};
