import { randomUUID } from "../crypto.ts";
import { isStoreAway, WorkflowError } from "../errors.ts";
import { readHead } from "../state/open-execution.ts";
import { CANCELLABLE } from "../state/status-policy.ts";
import type { Surroundings } from "../state/surroundings.ts";
import type { ExecutionRef, ListExecutionsOptions, Page } from "../store/checkpoint-store.ts";
import { quoted } from "../text.ts";
import { cancellation, isRefusedAsCancelled } from "./cancellation.ts";
import { cancelChildren, deleteDescendants } from "./descendants.ts";
import type {
  CancelExecutionOptions,
  DeleteExecutionOptions,
  ExecutionSummary,
  ListExecutionsQuery,
  PruneDefinitionsOptions,
  PruneOptions,
} from "./execution-queries.ts";
import { summarize } from "./execution-summary.ts";
import { type FamilyParts, wakeParent } from "./family.ts";
import { pruneExecutions } from "./prune.ts";
import {
  checkCancelOptions,
  checkDeleteOptions,
  checkListOptions,
  checkPruneDefinitionsOptions,
} from "./query-call-options.ts";

/** How often a deletion is tried again because the execution was claimed or committed in between. */
const MAX_DELETIONS = 100;

/** Works on executions without running them. */
export class Executions {
  readonly #parts: FamilyParts;
  readonly #surroundings: Surroundings;

  constructor(parts: FamilyParts) {
    this.#parts = parts;
    this.#surroundings = parts.surroundings;
  }

  async list(given: ListExecutionsQuery): Promise<Page<ExecutionSummary>> {
    return this.#page(listOptionsOf(given, "listExecutions"));
  }

  /** The executions of all pages. A page is read when its first one is asked for. */
  async *all(given: ListExecutionsQuery): AsyncGenerator<ExecutionSummary, undefined> {
    const options = listOptionsOf(given, "executions");
    for (let cursor = options.cursor; ; ) {
      const { items, nextCursor } = await this.#page(cursor === undefined ? options : { ...options, cursor });
      yield* items;
      if (nextCursor === undefined) return undefined;
      cursor = nextCursor;
    }
  }

  /**
   * One atomic step, which also fences off the owner of the lease. Then the executions end that it has started.
   *
   * - Those that a crash spares look at their parent before they continue. A second call ends them at once.
   */
  async cancel(given: CancelExecutionOptions): Promise<void> {
    const { executionId, reason, userId } = checkCancelOptions(given);
    const head = await readHead(this.#surroundings, executionId, userId);
    const { store, leaseMs } = this.#surroundings;
    const claimId = randomUUID();
    const failure = cancellation(reason);
    const claim = { claimId, owner: claimId, leaseMs, from: CANCELLABLE, force: true, cancel: failure };
    // As at every end of a child: before it, should this process die, and after it, should the parent look in between.
    if (head.status !== "cancelled") await wakeParent(this.#parts, head);
    try {
      await store.claimExecution(executionId, claim);
    } catch (error) {
      if (isRefusedAsCancelled(error)) await cancelChildren(this.#parts, executionId);
      throw error;
    }
    this.#noLongerOurs(executionId, "It was cancelled.");
    this.#parts.emitter.of(head)({ type: "execution.cancelled", failure });
    await cancelChildren(this.#parts, executionId);
    await wakeParent(this.#parts, head);
    await this.#parts.hint?.(executionId, { tenant: head.userId });
  }

  /**
   * Deletes an execution, also one that cannot be read, and then those that it has started. With a user, only one that is
   * still that user's.
   *
   * - The parent goes first: one that is left would start its children anew. A second call deletes what a crash has left.
   * - A parent that waits for it looks again, and starts it anew.
   */
  async delete(given: DeleteExecutionOptions): Promise<boolean> {
    const { executionId, userId } = checkDeleteOptions(given);
    const head = await this.#surroundings.store.getExecution(executionId).catch(unlessAway);
    // Nothing else would wake it: nobody can answer a wait that is gone.
    if (head !== undefined && (userId === undefined || head.userId === userId)) await wakeParent(this.#parts, head);
    const isDeleted = await (userId === undefined
      ? this.#deleteRef({ id: executionId })
      : this.#deleteOf(executionId, userId));
    if (isDeleted) this.#noLongerOurs(executionId, "It was deleted.");
    await deleteDescendants(this.#parts, { parentId: executionId, ...(userId === undefined ? {} : { userId }) });
    if (isDeleted && head !== undefined) await wakeParent(this.#parts, head);
    return isDeleted;
  }

  prune(given: PruneOptions): Promise<number> {
    return pruneExecutions(this.#parts, given);
  }

  async pruneDefinitions(given: PruneDefinitionsOptions): Promise<number> {
    return this.#surroundings.store.deleteUnusedDefinitions(checkPruneDefinitionsOptions(given));
  }

  async #page(options: ListExecutionsOptions): Promise<Page<ExecutionSummary>> {
    const { items, nextCursor } = await this.#surroundings.store.listExecutions(options);
    return { items: items.map(summarize), ...(nextCursor === undefined ? {} : { nextCursor }) };
  }

  /** A run in this process hears of it at once, one elsewhere when it next commits or renews its lease. */
  #noLongerOurs(executionId: string, problem: string): void {
    this.#parts.runs.lose(executionId, new WorkflowError("LEASE_LOST", problem, { executionId }));
    this.#parts.emitter.changed(executionId);
  }

  /** Deletes it as it was looked at: between the look and the deletion, the id may become another user's. */
  async #deleteOf(executionId: string, userId: string): Promise<boolean> {
    for (let tries = 0; tries < MAX_DELETIONS; tries++) {
      const head = await this.#surroundings.store.getExecution(executionId);
      if (head === undefined || head.userId !== userId) return false;
      const { id, version, token } = head;
      const isSafe = Number.isSafeInteger(version) && Number.isSafeInteger(token);
      if (await this.#deleteRef(isSafe ? { id, version, token } : { id })) return true;
    }
    throw new WorkflowError("VERSION_CONFLICT", `Execution ${quoted(executionId)} changes too fast to be deleted.`, {
      executionId,
    });
  }

  async #deleteRef(ref: ExecutionRef): Promise<boolean> {
    return (await this.#surroundings.store.deleteExecutions([ref])) > 0;
  }
}

/** A head that cannot be read keeps nobody from deleting it. */
function unlessAway(error: unknown): undefined {
  if (isStoreAway(error)) throw error;
}

function listOptionsOf(given: ListExecutionsQuery, member: "listExecutions" | "executions"): ListExecutionsOptions {
  const { createdAfter, createdBefore, endedAfter, ...query } = checkListOptions[member](given);
  const options: ListExecutionsOptions = query;
  if (createdAfter !== undefined) options.createdAfter = timeOf(createdAfter);
  if (createdBefore !== undefined) options.createdBefore = timeOf(createdBefore);
  if (endedAfter !== undefined) options.endedAfter = timeOf(endedAfter);
  return options;
}

function timeOf(value: Date | string | number): number {
  return Math.floor(Number(typeof value === "string" ? new Date(value) : value));
}
