import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import { createExecution } from "../../src/state/create-execution.ts";
import { claimExecution, readHead } from "../../src/state/open-execution.ts";
import { restoreState } from "../../src/state/restore.ts";
import { surroundingsOf } from "../../src/state/surroundings.ts";

/** A store, with an execution of it that this call owns. */
export async function opened(store = new MemoryCheckpointStore(), executionId = "e1") {
  const surroundings = surroundingsOf({ store, leaseMs: 0 });
  const { codec } = surroundings;
  const initial = { workflowId: "w", userId: "u1", executionId, initialData: {}, totalSteps: 3 };
  const { journal } = await createExecution(surroundings, initial);
  return {
    store,
    codec,
    journal,
    /** What a resume would begin with. */
    restored: async () => restoreState(codec, executionId, await store.readCheckpoints(executionId)),
    /** Claims it as a resume does. */
    claim: async () => (await claimExecution(surroundings, await readHead(surroundings, executionId))).journal,
  };
}

/** What is written of a node of this id. */
export function entryOf(nodeId: string) {
  return { nodeId, nodeName: nodeId, visit: 1, attempt: 1, durationMs: 0 };
}
