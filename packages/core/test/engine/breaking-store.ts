import type { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import { type CheckpointStore, type CommitRequest, WorkflowError } from "../../src/index.ts";

/** When a store goes down for good: at its n-th commit, before that is made or after, with the answer lost. */
export interface BreakPoint {
  commit: number;
  when: "before" | "after";
}

/** A memory store that can be taken down, as a crash of the process in the middle of a commit would look. */
export function breakingStore(data: MemoryCheckpointStore, { commit: at, when }: BreakPoint): CheckpointStore {
  const store = data.reopen();
  const commit = store.commit.bind(store);
  let commits = 0;
  let down = false;
  store.commit = async (id: string, request: CommitRequest) => {
    if (down) throw unavailable();
    if (++commits === at) {
      down = true;
      if (when === "after") await commit(id, request);
      throw unavailable();
    }
    return commit(id, request);
  };
  return store;
}

function unavailable(): WorkflowError {
  return new WorkflowError("STORE_UNAVAILABLE", "The store is down.");
}
