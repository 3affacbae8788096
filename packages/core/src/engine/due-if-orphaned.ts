import type { Surroundings } from "../state/surroundings.ts";
import type { CommitRequest } from "../store/checkpoint-store.ts";
import { withCommit } from "./with-commit.ts";

/**
 * Lets a child become due instead of suspended, if its parent was cancelled or is gone: a recovery then ends it.
 *
 * - For children that a run has created. A cancel of the parent sees the children that exist by then; one that is created
 *   later looks at its parent here. A child that was claimed has looked after its claim.
 */
export function dueIfOrphaned(surroundings: Surroundings, parentId: string): Surroundings {
  const { bareStore } = surroundings;
  const commit = async (id: string, request: CommitRequest): Promise<void> => {
    const { wakeAt, ...head } = request.head ?? {};
    if (head.status !== "suspended") return bareStore.commit(id, request);
    const parent = await bareStore.getExecution(parentId);
    const isOrphaned = parent === undefined || parent.status === "cancelled";
    return bareStore.commit(
      id,
      isOrphaned ? { ...request, head: { ...head, status: "pending", wakeInMs: 0 } } : request,
    );
  };
  return withCommit(surroundings, commit);
}
