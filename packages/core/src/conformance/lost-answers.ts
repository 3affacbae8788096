import { WorkflowError } from "../errors.ts";
import type { CheckpointStore, ClaimRequest, CommitRequest, NewExecution } from "../store/checkpoint-store.ts";

/** The methods that change an execution and whose calls may be repeated. */
type Writer = Pick<CheckpointStore, "createExecution" | "claimExecution" | "commit">;

/**
 * Simulates a caller with an unreliable connection. The first result of every call is lost after the store has done its
 * work, and the call is repeated, as an engine does on `STORE_UNAVAILABLE`.
 */
export function dropAnswers(store: Writer): Writer {
  const twice = async <T>(call: () => Promise<T>): Promise<T> => {
    const lost = call().then(() => {
      throw new WorkflowError("STORE_UNAVAILABLE", "The result of the call was lost.");
    });
    return lost.catch((error: unknown) => {
      if ((error as WorkflowError).code !== "STORE_UNAVAILABLE") throw error;
      return call();
    });
  };
  return {
    createExecution: (execution: NewExecution) => twice(() => store.createExecution(execution)),
    claimExecution: (id: string, request: ClaimRequest) => twice(() => store.claimExecution(id, request)),
    commit: (id: string, request: CommitRequest) => twice(() => store.commit(id, request)),
  };
}
