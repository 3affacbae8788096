import { type CheckpointStore, type CommitRequest, isWorkflowError } from "@waymark/core";
import type { ChaosNote } from "./chaos-notes.ts";

/** A store that reports what it has done. */
export function notedStore(store: CheckpointStore, note: (note: ChaosNote) => void): CheckpointStore {
  const noted: Partial<CheckpointStore> = {
    createExecution: async (execution) => {
      const record = await store.createExecution(execution);
      const { id: executionId, token, parentId } = record;
      if (execution.status === "running")
        note({ what: "claim", executionId, token, recoveries: 0, ...(parentId !== undefined && { parentId }) });
      return record;
    },
    claimExecution: async (executionId, claim) => {
      const record = await store.claimExecution(executionId, claim);
      const { token, recoveries, status } = record;
      if (status === "running") note({ what: "claim", executionId, token, recoveries });
      return record;
    },
    listExecutions: (query) => {
      if (query?.leaseExpired === true && query.cursor === undefined) note({ what: "pass" });
      return store.listExecutions(query);
    },
    commit: async (executionId, request) => {
      try {
        await store.commit(executionId, request);
      } catch (error) {
        if (isWorkflowError(error)) note({ what: "refused", executionId, code: error.code });
        throw error;
      }
      note(commitNote(executionId, request));
    },
  };
  return new Proxy(store, {
    get(target, key) {
      if (Object.hasOwn(noted, key)) return noted[key as keyof CheckpointStore];
      const member: unknown = Reflect.get(target, key, target);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
}

function commitNote(executionId: string, { commitId, token, version, head }: CommitRequest): ChaosNote {
  const { status } = head ?? {};
  return { what: "commit", executionId, commitId, token, version, ...(status === undefined ? {} : { status }) };
}
