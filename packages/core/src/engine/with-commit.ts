import type { Surroundings } from "../state/surroundings.ts";
import type { CheckpointStore } from "../store/checkpoint-store.ts";
import { interceptStore } from "../store/intercept-store.ts";

/** Returns the same surroundings, in which journals commit by this function. */
export function withCommit(surroundings: Surroundings, commit: CheckpointStore["commit"]): Surroundings {
  return {
    ...surroundings,
    bareStore: { ...interceptStore(surroundings.bareStore, (_method, call) => call()), commit },
  };
}
