import type { NewExecution } from "@waymark/core";
import { changedHeads, type Mutants, onRefusal, refusal } from "./mutant.ts";

export const lifecycleMutants: Mutants = {
  "lifecycle/create": {
    fault: "reads the clock twice, so that a lease of an hour is a millisecond longer",
    wrap: (store) => ({
      createExecution: (execution: NewExecution) =>
        store.createExecution(execution?.leaseMs === 3_600_000 ? { ...execution, leaseMs: 3_600_001 } : execution),
    }),
  },
  "lifecycle/read-back": {
    fault: "forgets a column in the SELECT of getExecution",
    wrap: (store) => ({
      getExecution: async (id) => {
        const head = await store.getExecution(id);
        if (head?.status === "running" && head.version === 0) delete head.definitionHash;
        return head;
      },
    }),
  },
  "lifecycle/unknown-id": {
    fault: "returns an empty history for an unknown id",
    wrap: (store, { notes }) => ({
      createExecution: (execution) => {
        notes.set(execution.id, true);
        return store.createExecution(execution);
      },
      readCheckpoints: (id, options) =>
        onRefusal(
          "EXECUTION_NOT_FOUND",
          () => store.readCheckpoints(id, options),
          () => {
            if (notes.has(id)) return store.readCheckpoints(id, options);
            return [];
          },
        ),
    }),
  },
  "lifecycle/taken-id": {
    fault: "INSERT … ON CONFLICT DO NOTHING, for other users too",
    wrap: (store) => ({
      createExecution: (execution) =>
        onRefusal(
          "EXECUTION_ALREADY_EXISTS",
          () => store.createExecution(execution),
          async () => {
            const existing = await store.getExecution(execution.id);
            if (existing === undefined || existing.userId === execution.userId)
              throw refusal("EXECUTION_ALREADY_EXISTS");
            return existing;
          },
        ),
    }),
  },
  "lifecycle/commit-without-checkpoint": {
    fault: "writes an empty record for a commit that only counts a step",
    wrap: (store) => ({
      commit: (id, request) => {
        const { checkpoints, head } = request;
        if (checkpoints || head?.currentStep === undefined || head.status || head.wakeAt !== undefined)
          return store.commit(id, request);
        const [nodeId, nodeName, payload] = ["", "", ""];
        const empty = { nodeId, nodeName, payload, visit: 1, stepNumber: 0, attempt: 0, durationMs: 0, timestamp: 0 };
        return store.commit(id, { ...request, checkpoints: [{ id: request.commitId, kind: "save", ...empty }] });
      },
    }),
  },
  "lifecycle/kinds": {
    fault: "treats the newest record as the newest snapshot if that is older by three",
    wrap: (store) =>
      changedHeads(store, (head) =>
        head.seq === 6 && head.snapshotSeq === 3 ? { ...head, snapshotSeq: head.seq } : head,
      ),
  },
  "lifecycle/claim": {
    fault: "keeps the failure of the last run on a claim",
    wrap: (store) => ({
      claimExecution: async (id, request) => {
        const before = await store.getExecution(id);
        const claimed = await store.claimExecution(id, request);
        return before?.failure && request.owner === "owner-9" ? { ...claimed, failure: before.failure } : claimed;
      },
    }),
  },
  "lifecycle/ended-at": {
    fault: "treats a suspended execution as ended",
    wrap: (store) =>
      changedHeads(store, (head) => (head.status === "suspended" ? { ...head, endedAt: head.updatedAt } : head)),
  },
  "lifecycle/updated-at": {
    fault: "does not change updatedAt on a claim",
    wrap: (store, { notes }) => {
      const stale = changedHeads(store, (head) => ({
        ...head,
        updatedAt: Number(notes.get(head.id) ?? head.updatedAt),
      }));
      return {
        ...stale,
        claimExecution: async (id, request) => {
          const before = await store.getExecution(id);
          const claimed = await store.claimExecution(id, request);
          // If no time has passed, the fault has no effect.
          if (before && !request.cancel) notes.set(id, before.updatedAt);
          return { ...claimed, updatedAt: Number(notes.get(id) ?? claimed.updatedAt) };
        },
        commit: async (id, request) => {
          await store.commit(id, request);
          notes.delete(id);
        },
      };
    },
  },
};
