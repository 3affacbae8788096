import type { CheckpointRecord } from "@waymark/core";
import { gap, type Mutants, onRefusal, refusal } from "./mutant.ts";

export const deletionMutants: Mutants = {
  "deletion/gone": {
    fault: "leaves the records of a deleted execution readable",
    wrap: (store, { notes }) => ({
      deleteExecutions: async (refs) => {
        const deleted = await store.deleteExecutions(refs);
        for (const { id } of refs) notes.set(id, []);
        return deleted;
      },
      readCheckpoints: (id, options) =>
        onRefusal(
          "EXECUTION_NOT_FOUND",
          () => store.readCheckpoints(id, options),
          () => {
            if (!notes.has(id)) throw refusal("EXECUTION_NOT_FOUND");
            return notes.get(id) as CheckpointRecord[];
          },
        ),
    }),
  },
  "deletion/changed-version": {
    fault: "treats version 0 as any version",
    wrap: (store) => ({
      deleteExecutions: async (refs) => {
        const current = await Promise.all(
          refs.map(async (ref) => ({
            ...ref,
            version: ref.version || ((await store.getExecution(ref.id))?.version ?? 0),
          })),
        );
        return store.deleteExecutions(refs.some((ref) => ref.version === undefined) ? refs : current);
      },
    }),
  },
  "deletion/changed-token": {
    fault: "does not check the token",
    wrap: (store) => ({
      deleteExecutions: (refs) =>
        store.deleteExecutions(Array.isArray(refs) ? refs.map(({ token: _token, ...ref }) => ref) : refs),
    }),
  },
  "deletion/as-it-is": {
    fault: "compares an absent version, which is never equal",
    wrap: (store) => ({
      deleteExecutions: (refs) => store.deleteExecutions(refs.filter((ref) => ref.version !== undefined)),
    }),
  },
  "deletion/mixed": {
    fault: "counts an execution twice if the list has it twice",
    wrap: (store) => ({
      deleteExecutions: async (refs) => {
        const deleted = await store.deleteExecutions(refs);
        const ids = refs.map(({ id }) => id);
        return deleted + ids.length - new Set(ids).size;
      },
    }),
  },
  "deletion/many": {
    fault: "deletes at most 256 executions",
    wrap: (store) => ({
      deleteExecutions: (refs) => store.deleteExecutions(Array.isArray(refs) ? refs.slice(0, 256) : refs),
    }),
  },
  "deletion/made-again": {
    fault: "leaves the records of a deleted execution where a new one with the same id finds them",
    wrap: (store, { notes }) => ({
      deleteExecutions: async (refs) => {
        const old = await Promise.all(
          (Array.isArray(refs) ? refs : []).map(
            async ({ id }) => [id, await store.readCheckpoints(id).catch(() => [])] as const,
          ),
        );
        const deleted = await store.deleteExecutions(refs);
        for (const [id, records] of old) if (deleted > 0) notes.set(id, records);
        return deleted;
      },
      readCheckpoints: async (id, options) => {
        const records = await store.readCheckpoints(id, options);
        const left = (notes.get(id) as CheckpointRecord[] | undefined) ?? [];
        return options?.order === "desc"
          ? records
          : [...records, ...left.filter(({ seq }) => seq > (records.at(-1)?.seq ?? 0))];
      },
    }),
  },
  "deletion/forgets-calls": {
    fault: "remembers commitIds longer than executions",
    wrap: (store, { notes }) => ({
      commit: (id, request) =>
        onRefusal(
          "LEASE_LOST",
          () => store.commit(id, request).then(() => void notes.set(id, request.commitId)),
          () => {
            if (notes.get(id) !== request.commitId) throw refusal("LEASE_LOST");
          },
        ),
    }),
  },
  "deletion/keeps-definitions": {
    fault: "deletes the definition with the execution",
    wrap: (store, { notes }) => ({
      deleteExecutions: async (refs) => {
        for (const { id } of Array.isArray(refs) ? refs : []) {
          if (typeof id !== "string" || id === "") continue;
          const hash = await store.getExecution(id).then(
            (head) => head?.definitionHash,
            () => undefined,
          );
          if (hash !== undefined) notes.set(hash, true);
        }
        return store.deleteExecutions(refs);
      },
      getDefinition: async (hash) => (notes.has(hash) ? undefined : store.getDefinition(hash)),
    }),
  },
  "deletion/fork": {
    fault: "deletes forks with their parent",
    wrap: (store) => ({
      deleteExecutions: async (refs) => {
        const deleted = await store.deleteExecutions(refs);
        for (const { id } of refs) {
          const forks = await store.listExecutions({ parentId: id });
          await store.deleteExecutions(forks.items);
        }
        return deleted;
      },
    }),
  },
  "deletion/against-commit": {
    fault: "compares the version in one round trip and deletes in the next",
    wrap: (store) => ({
      deleteExecutions: async (refs) => {
        const [ref] = refs;
        if (ref === undefined || refs.length > 1 || ref.token !== undefined) return store.deleteExecutions(refs);
        if ((await store.getExecution(ref.id))?.version !== ref.version) return 0;
        await gap();
        const now = await store.getExecution(ref.id);
        return now === undefined ? 0 : store.deleteExecutions([now]);
      },
    }),
  },
};
