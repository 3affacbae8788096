import { isStoreAway, isWorkflowError } from "../errors.ts";
import { readExecution } from "../state/open-execution.ts";
import type { NodeAnswer } from "../state/progress.ts";
import { executionIdOf, isOfAnother } from "../state/token-owner.ts";
import type { ExecutionRecord } from "../store/checkpoint-store.ts";
import type { EngineParts } from "./engine-parts.ts";
import { giveAnswer } from "./give-answer.ts";
import { keepAnswer, makeDue } from "./keep-answer.ts";
import { meaningOf } from "./recoverable.ts";

/** The parts of an engine that connect parents and children. */
export type FamilyParts = Pick<
  EngineParts,
  "surroundings" | "catalog" | "emitter" | "runs" | "changes" | "hint" | "wake" | "retry"
>;

/** The node that has started an execution. */
type ChildOf = Pick<ExecutionRecord, "parentId" | "parentNodeId">;

/**
 * Makes the parent of an execution due, if its node waits for that execution, or is to look at it later.
 *
 * - A parent that runs looks by itself: when the child's lease ends, or once it has suspended itself.
 *
 * @throws {WorkflowError} STORE_UNAVAILABLE, STORE_CLOSED
 */
export async function wakeParent(parts: FamilyParts, child: ChildOf): Promise<void> {
  const { parentId, parentNodeId: nodeId = "" } = child;
  if (parentId === undefined) return;
  const { surroundings, runs, changes } = parts;
  // Not waited for: the run may be waiting for this child.
  for (const run of runs.of(parentId)) void run.answer({ nodeId, data: undefined, wakes: true }).catch(() => undefined);
  try {
    const head = await surroundings.store.getExecution(parentId);
    if (head === undefined || !["pending", "suspended", "running"].includes(head.status)) return;
    if (head.status === "running" && (head.leaseUntil ?? 0) > head.readAt) return;
    const { journal } = await readExecution(surroundings, parentId, { checkpoints: "last" });
    const wait = journal.progress.waiting.get(nodeId);
    if (wait !== undefined && isOfAnother(wait, parentId)) {
      await keepAnswer(parts, { executionId: parentId, waitToken: wait.token, data: undefined, wakes: true });
    } else if (head.status === "pending" && (head.wakeAt ?? 0) > head.readAt) {
      await makeDue(surroundings, head);
    }
    changes.notify(parentId);
    parts.wake();
    await parts.hint?.(parentId, { tenant: head.userId });
  } catch (error) {
    // What keeps the parent from being woken keeps no child from its end.
    if (isWorkflowError(error) && meaningOf(error.code) === "store") throw error;
  }
}

/** Makes the ancestors of an execution due that wait for it, the nearest first, up to `until` and without that one. */
export async function wakeAncestors(parts: FamilyParts, child: ExecutionRecord, until?: string): Promise<void> {
  for (let head: ExecutionRecord | undefined = child; head?.parentId !== undefined && head.parentId !== until; ) {
    await wakeParent(parts, head);
    head = await parts.surroundings.store.getExecution(head.parentId);
  }
}

/**
 * Hands an answer over to the execution that waits for it, and makes those between it and `parentId` due.
 *
 * @throws {WorkflowError} NOT_WAITING, LEASE_HELD, STATE_CORRUPT, STORE_UNAVAILABLE
 */
export async function handOver(parts: FamilyParts, { token = "", data }: NodeAnswer, parentId: string): Promise<void> {
  const executionId = executionIdOf(token) ?? "";
  const leaf = await giveAnswer(parts, { executionId, waitToken: token, data });
  if (leaf !== undefined) await wakeAncestors(parts, leaf, parentId);
}

/** Returns true if an execution still waits for an answer to this token. One that cannot be read waits to be repaired. */
export async function stillWaits({ surroundings }: FamilyParts, token: string): Promise<boolean> {
  try {
    const read = await readExecution(surroundings, executionIdOf(token) ?? "", { checkpoints: "last" });
    const { waiting } = read.journal.progress;
    return read.record.status === "suspended" && [...waiting.values()].some((wait) => wait.token === token);
  } catch (error) {
    if (isStoreAway(error)) throw error;
    return !isWorkflowError(error, "EXECUTION_NOT_FOUND");
  }
}
