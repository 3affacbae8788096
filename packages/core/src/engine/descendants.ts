import { randomUUID } from "../crypto.ts";
import { isStoreAway, WorkflowError } from "../errors.ts";
import type { NodeRun } from "../state/node-run.ts";
import { CANCELLABLE } from "../state/status-policy.ts";
import type { CheckpointStore, ExecutionRecord, FailureRecord, WorkflowStatus } from "../store/checkpoint-store.ts";
import { isEnded } from "../store/status.ts";
import { quoted } from "../text.ts";
import { cancellation, isRefusedAsCancelled } from "./cancellation.ts";
import type { FamilyParts } from "./family.ts";

/** Children that are listed, and then cancelled or deleted, at a time. */
const PAGE_SIZE = 500;
/** Executions on which a call of the store is made at the same time. */
const CONCURRENCY = 10;

/**
 * Cancels the executions that a cancelled execution has started, and theirs. Those that have ended stay as they are.
 *
 * - Those of a child that was cancelled before are cancelled, too: a call may have been interrupted in between.
 */
export function cancelChildren(parts: FamilyParts, parentId: string): Promise<void> {
  return cancelDescendants(parts, parentId, cancellation(`its parent ${quoted(parentId)} was cancelled`));
}

async function cancelDescendants(parts: FamilyParts, parentId: string, failure: FailureRecord): Promise<void> {
  const { surroundings, runs, emitter } = parts;
  const { store, leaseMs } = surroundings;
  await forEachChild(store, { parentId, status: [...CANCELLABLE, "cancelled"] }, async (child) => {
    if (child.status === "cancelled") return cancelDescendants(parts, child.id, failure);
    const claimId = randomUUID();
    const claim = { claimId, owner: claimId, leaseMs, from: CANCELLABLE, force: true, cancel: failure };
    try {
      await store.claimExecution(child.id, claim);
    } catch (error) {
      if (isStoreAway(error)) throw error;
      // It has ended, or was deleted, or cannot be read and so cannot run. The process that has cancelled it may have been
      // interrupted before it came to the children.
      return isRefusedAsCancelled(error) ? cancelDescendants(parts, child.id, failure) : undefined;
    }
    runs.lose(child.id, new WorkflowError("LEASE_LOST", "It was cancelled.", { executionId: child.id }));
    emitter.of(child)({ type: "execution.cancelled", failure });
    await cancelDescendants(parts, child.id, failure);
  });
}

/**
 * Deletes the executions that an execution has started, and theirs, whatever they do. Returns their number.
 *
 * - One that has ended for good goes after those below it, so that a call after an interruption still finds them by it.
 *   Any other one goes before them: it could start them anew.
 */
export async function deleteDescendants(
  parts: FamilyParts,
  of: { parentId: string; userId?: string },
): Promise<number> {
  const { store } = parts.surroundings;
  let deleted = 0;
  await forEachChild(store, of, async ({ id, status }) => {
    const deleteBelow = () => deleteDescendants(parts, { ...of, parentId: id });
    const isFinal = startsNothing(status);
    let own = isFinal ? await deleteBelow() : 0;
    own += await store.deleteExecutions([{ id }]);
    parts.runs.lose(id, new WorkflowError("LEASE_LOST", "It was deleted.", { executionId: id }));
    parts.emitter.changed(id);
    if (!isFinal) own += await deleteBelow();
    deleted += own;
  });
  return deleted;
}

/** Returns true if an execution can never start another one: it has ended, and cannot be resumed. */
export function startsNothing(status: WorkflowStatus): boolean {
  return status === "completed" || status === "cancelled";
}

/** Returns the number of executions that an execution has started, with theirs. */
export async function countDescendants(store: CheckpointStore, parentId: string): Promise<number> {
  let count = 0;
  await forEachChild(store, { parentId }, async ({ id }) => {
    const below = await countDescendants(store, id);
    count += 1 + below;
  });
  return count;
}

/**
 * Returns a number that changes whenever a child of one of these node runs starts, commits a checkpoint or ends, or when
 * an execution below one that still runs does.
 */
export async function progressOf(store: CheckpointStore, parentId: string, runs?: readonly NodeRun[]): Promise<number> {
  let mark = 0;
  await forEachChild(store, { parentId }, async ({ id, status, checkpointsCount, parentNodeId, parentVisit }) => {
    const isOf = ({ nodeId, visit }: NodeRun) => nodeId === parentNodeId && visit === parentVisit;
    if (runs !== undefined && !runs.some(isOf)) return;
    // A suspended one is due once it is answered.
    const mayProgress = !isEnded(status) && status !== "suspended";
    const below = mayProgress ? await progressOf(store, id) : 0;
    mark += 1 + checkpointsCount + (isEnded(status) ? 1 : 0) + below;
  });
  return mark;
}

async function forEachChild(
  store: CheckpointStore,
  query: { parentId: string; userId?: string; status?: readonly ExecutionRecord["status"][] },
  work: (child: ExecutionRecord) => Promise<void>,
): Promise<void> {
  for (let cursor: string | undefined; ; ) {
    const page = await store.listExecutions({
      ...query,
      limit: PAGE_SIZE,
      order: "asc",
      ...(cursor === undefined ? {} : { cursor }),
    });
    await forEach(page.items, work);
    cursor = page.nextCursor;
    if (cursor === undefined) return;
  }
}

/**
 * Works on several items at the same time. The first error ends it, once what has begun is over.
 *
 * - A sum of all items is added to after a wait, never across it: `sum += await …` forgets what others have added.
 */
export async function forEach<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = items.values();
  const worker = async () => {
    for (const item of left) await work(item);
  };
  const ended = await Promise.allSettled(Array.from({ length: Math.min(CONCURRENCY, items.length) }, worker));
  const failed = ended.find((each) => each.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}
