import type {
  CheckpointStore,
  ExecutionRecord,
  ExecutionRef,
  ListExecutionsOptions,
} from "../store/checkpoint-store.ts";
import { tell } from "../tell.ts";
import { countDescendants, deleteDescendants, forEach, startsNothing } from "./descendants.ts";
import type { PruneOptions, PruneProgress } from "./execution-queries.ts";
import { unreadableOf } from "./execution-summary.ts";
import type { FamilyParts } from "./family.ts";
import { checkPruneOptions } from "./query-call-options.ts";

/** Executions that are listed, and then deleted in one call of the store. */
const BATCH = 500;

/**
 * Deletes executions that ended long ago, batch by batch, with those that they have started, and returns their number.
 *
 * - An execution that another one has started goes with that one, and not before: its parent may still need its result.
 * - If it is interrupted, what was deleted stays deleted. A second call begins with the oldest that are left.
 */
export async function pruneExecutions(parts: FamilyParts, given: PruneOptions): Promise<number> {
  const { olderThanMs, status = ["completed", "cancelled"], workflowId, userId, ...how } = checkPruneOptions(given);
  const { onProgress, dryRun = false } = how;
  const { store } = parts.surroundings;
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
    const readable = page.items.filter((head) => unreadableOf(head) === undefined);
    const own = await withoutParents(store, readable);
    progress.looked += page.items.length;
    if (own.length > 0)
      progress.deleted += await (dryRun ? countWithChildren(store, own) : deleteWithChildren(parts, own));
    if (onProgress !== undefined) tell(onProgress, { ...progress });
    cursor = page.nextCursor;
    if (cursor === undefined) return progress.deleted;
  }
}

/** Returns those that no execution has started, or whose parents are gone. */
async function withoutParents(store: CheckpointStore, heads: readonly ExecutionRecord[]): Promise<ExecutionRecord[]> {
  const parentIds = new Set(heads.flatMap(({ parentId }) => (parentId === undefined ? [] : [parentId])));
  const existing = new Set<string>();
  await forEach([...parentIds], async (parentId) => {
    if ((await store.getExecution(parentId)) !== undefined) existing.add(parentId);
  });
  return heads.filter(({ parentId }) => parentId === undefined || !existing.has(parentId));
}

/**
 * Deletes executions with those that they have started, and returns the number of all.
 *
 * - One that has failed goes before its children: it may have been resumed since it was listed, and then keeps them.
 * - Any other one goes after its children, so that a call after an interruption still finds them by it. It starts none.
 */
async function deleteWithChildren(parts: FamilyParts, heads: readonly ExecutionRecord[]): Promise<number> {
  const { store } = parts.surroundings;
  let deleted = 0;
  const deleteChildren = async ({ id }: ExecutionRecord) => {
    const below = await deleteDescendants(parts, { parentId: id });
    deleted += below;
  };
  const failed = heads.filter(({ status }) => !startsNothing(status));
  await forEach(
    heads.filter(({ status }) => startsNothing(status)),
    deleteChildren,
  );
  const own = await store.deleteExecutions(heads.map(refTo));
  deleted += own;
  await forEach(failed, async (head) => {
    const isGone = own === heads.length || (await store.getExecution(head.id)) === undefined;
    if (isGone) await deleteChildren(head);
  });
  return deleted;
}

async function countWithChildren(store: CheckpointStore, heads: readonly ExecutionRecord[]): Promise<number> {
  let count = heads.length;
  await forEach(heads, async ({ id }) => {
    const below = await countDescendants(store, id);
    count += below;
  });
  return count;
}

/** Refers to an execution as it was read. If it has been changed or claimed since, it is not deleted. */
function refTo({ id, version, token }: ExecutionRecord): Required<ExecutionRef> {
  return { id, version, token };
}
