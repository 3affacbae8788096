import type {
  CheckpointStore,
  ExecutionRecord,
  ExecutionRef,
  ListExecutionsOptions,
} from "../store/checkpoint-store.ts";
import { tell } from "../tell.ts";
import type { PruneOptions, PruneProgress } from "./execution-queries.ts";
import { unreadableOf } from "./execution-summary.ts";
import { checkPruneOptions } from "./query-call-options.ts";

/** Executions that are listed, and then deleted in one call of the store. */
const BATCH = 500;

/**
 * Deletes executions that ended long ago, batch by batch, and returns their number.
 *
 * - If it is interrupted, what was deleted stays deleted. A second call begins with the oldest that are left.
 */
export async function pruneExecutions(store: CheckpointStore, given: PruneOptions): Promise<number> {
  const { olderThanMs, status = ["completed", "cancelled"], workflowId, userId, ...how } = checkPruneOptions(given);
  const { onProgress, dryRun = false } = how;
  const query: ListExecutionsOptions = {
    status,
    endedForMs: olderThanMs,
    order: "asc",
    limit: BATCH,
    ...(workflowId === undefined ? {} : { workflowId }),
    ...(userId === undefined ? {} : { userId }),
  };
  const progress: PruneProgress = { looked: 0, deleted: 0 };
  for (let cursor: string | undefined; ; ) {
    const page = await store.listExecutions(cursor === undefined ? query : { ...query, cursor });
    // If a row cannot be read, the end of its execution is not known.
    const refs = page.items.filter((head) => unreadableOf(head) === undefined).map(refTo);
    progress.looked += page.items.length;
    if (refs.length > 0) progress.deleted += dryRun ? refs.length : await store.deleteExecutions(refs);
    if (onProgress !== undefined) tell(onProgress, { ...progress });
    cursor = page.nextCursor;
    if (cursor === undefined) return progress.deleted;
  }
}

/** Refers to an execution as it was read. If it has been changed or claimed since, it is not deleted. */
function refTo({ id, version, token }: ExecutionRecord): Required<ExecutionRef> {
  return { id, version, token };
}
