import type { ExecutionRecord } from "@waymark/core";
import { gap, type Mutants, refusal } from "./mutant.ts";

export const retrySafetyMutants: Mutants = {
  "retry-safety/commit": {
    fault: "remembers no commit that drops nothing, to an execution that was never claimed",
    wrap: (store, { notes }) => ({
      claimExecution: async (id, request) => {
        const claimed = await store.claimExecution(id, request);
        notes.set(`${id}/claimed`, true);
        return claimed;
      },
      commit: async (id, request) => {
        const isRepeated = notes.get(id) === request.commitId && !notes.has(`${id}/claimed`);
        if (isRepeated && request.checkpoints?.length === 1 && request.dropBefore === undefined)
          throw refusal("VERSION_CONFLICT");
        await store.commit(id, request);
        notes.set(id, request.commitId);
      },
    }),
  },
  "retry-safety/commit-after-claim": {
    fault: "forgets the last commitId on a claim",
    wrap: (store, { notes }) => ({
      claimExecution: async (id, request) => {
        const claimed = await store.claimExecution(id, request);
        notes.delete(id);
        return claimed;
      },
      commit: async (id, request) => {
        const head = await store.getExecution(id);
        const isStale = head !== undefined && head.token !== request.token;
        if (isStale && notes.get(id) !== request.commitId) throw refusal("LEASE_LOST");
        await store.commit(id, request);
        notes.set(id, request.commitId);
      },
    }),
  },
  "retry-safety/final-commit": {
    fault: "refuses a repeated commit that completed the execution without a checkpoint",
    wrap: (store, { notes }) => ({
      claimExecution: async (id, request) => {
        const claimed = await store.claimExecution(id, request);
        notes.set(`${id}/claimed`, true);
        return claimed;
      },
      commit: async (id, request) => {
        const isFinal = request.head?.status === "completed" && request.checkpoints === undefined;
        if (notes.get(id) === request.commitId && isFinal && !notes.has(`${id}/claimed`))
          throw refusal("INVALID_STATUS");
        await store.commit(id, request);
        notes.set(id, request.commitId);
      },
    }),
  },
  "retry-safety/claim": {
    fault: "does not remember claims of leases that lapse at once",
    wrap: (store) => ({
      claimExecution: (id, request) =>
        store.claimExecution(id, request.leaseMs === 0 ? { ...request, claimId: `again-${Math.random()}` } : request),
    }),
  },
  "retry-safety/claim-by-status": {
    fault: "checks the status before it compares the claimId",
    wrap: (store) => ({
      claimExecution: async (id, request) => {
        const head = await store.getExecution(id);
        if (head?.status === "running" && !request.from.includes("running")) throw refusal("INVALID_STATUS");
        return store.claimExecution(id, request);
      },
    }),
  },
  "retry-safety/create": {
    fault: "answers a repeated creation with the head as it was created",
    wrap: (store, { notes }) => ({
      createExecution: async (execution) => {
        const head = await store.createExecution(execution);
        if (head.version === 0) notes.set(head.id, head);
        return head.firstSeq === 0 ? ((notes.get(head.id) as ExecutionRecord | undefined) ?? head) : head;
      },
    }),
  },
  "retry-safety/create-after-drop": {
    fault: "searches the records for the initial checkpoint",
    wrap: (store) => ({
      createExecution: async (execution) => {
        if (((await store.getExecution(execution.id))?.firstSeq ?? 0) > 0) throw refusal("EXECUTION_ALREADY_EXISTS");
        return store.createExecution(execution);
      },
    }),
  },
  "retry-safety/other-commit": {
    fault: "recognizes a commit by the id of its checkpoint",
    wrap: (store, { notes }) => ({
      commit: async (id, request) => {
        const checkpointId = request.checkpoints?.[0]?.id;
        if (checkpointId !== undefined && notes.get(id) === checkpointId) return;
        await store.commit(id, request);
        notes.set(id, checkpointId);
      },
    }),
  },
  "retry-safety/drops-nothing": {
    fault: "drops records before the dropBefore of a repeated commit",
    wrap: (store, { notes }) => ({
      commit: async (id, request) => {
        if (notes.get(id) === request.commitId) notes.set(`${id}/dropped`, request.dropBefore);
        await store.commit(id, request);
        notes.set(id, request.commitId);
      },
      readCheckpoints: async (id, options) => {
        const first = Number(notes.get(`${id}/dropped`) ?? 0);
        return (await store.readCheckpoints(id, options)).filter(({ seq }) => seq >= first);
      },
    }),
  },
  "retry-safety/racing-copies": {
    fault: "refuses a copy of a commit that is still in progress",
    wrap: (store, { notes }) => ({
      commit: async (id, request) => {
        if (notes.has(request.commitId)) throw refusal("VERSION_CONFLICT");
        notes.set(request.commitId, true);
        try {
          await gap();
          await store.commit(id, request);
        } finally {
          notes.delete(request.commitId);
        }
      },
    }),
  },
  "retry-safety/lost-answers": {
    fault: "remembers only the first four commits of an execution",
    wrap: (store, { notes }) => ({
      commit: async (id, request) => {
        if (notes.get(id) === request.commitId && request.version >= 4) throw refusal("VERSION_CONFLICT");
        await store.commit(id, request);
        notes.set(id, request.commitId);
      },
    }),
  },
};
