import type { Clock } from "../clock.ts";
import { randomUUID } from "../crypto.ts";
import { WorkflowError } from "../errors.ts";
import { checkHead } from "../state/checked-history.ts";
import { shownStatus } from "../state/incomplete-import.ts";
import type { CheckpointStore, ExecutionRecord, ListExecutionsOptions, Page } from "../store/checkpoint-store.ts";
import { checkId } from "../store/checks.ts";
import { readStoredHead } from "../store/stored-records.ts";
import { quoted } from "../text.ts";
import { checkListOptions, checkPruneOptions } from "./call-options.ts";
import type { ExecutionSummary, ListExecutionsQuery, PruneOptions } from "./types.ts";

/** Executions that are deleted in one call of the store. */
const DELETE_BATCH = 500;

/** What is done with executions without running them. */
export class Executions {
  readonly #store: CheckpointStore;
  readonly #clock: Clock;

  constructor(store: CheckpointStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  async list(given: ListExecutionsQuery = {}): Promise<Page<ExecutionSummary>> {
    const { createdBefore, ...query } = checkListOptions(given);
    const options: ListExecutionsOptions = { ...query };
    if (createdBefore !== undefined) options.createdBefore = timeOf(createdBefore);
    const page = await this.#store.listExecutions(options);
    const items = page.items.map(summarize);
    return page.nextCursor === undefined ? { items } : { items, nextCursor: page.nextCursor };
  }

  /** A forced claim, which fences the owner off, and a commit. */
  async cancel(executionId: string): Promise<void> {
    checkId(executionId, "executionId");
    const head = await this.#store.getExecution(executionId);
    if (head !== undefined) checkHead(head);
    const claimId = randomUUID();
    const commitId = randomUUID();
    const { token, version } = await this.#store.claimExecution(executionId, {
      claimId,
      owner: claimId,
      leaseMs: 30_000,
      from: ["pending", "running", "suspended", "failed"],
      force: true,
    });
    const cancelled = { status: "cancelled", failure: null } as const;
    await this.#store.commit(executionId, { commitId, token, version, head: cancelled });
  }

  /** Deletes an execution as it is now, also one that cannot be read. */
  async delete(executionId: string): Promise<boolean> {
    checkId(executionId, "executionId");
    return (await this.#store.deleteExecutions([{ id: executionId }])) > 0;
  }

  async prune(given: PruneOptions): Promise<number> {
    const options = checkPruneOptions(given);
    const { olderThanMs, status = ["completed", "failed", "cancelled"], workflowId, userId } = options;
    const query: ListExecutionsOptions = {
      status,
      createdBefore: Math.max(0, this.#clock.now() - olderThanMs),
      order: "asc",
      limit: DELETE_BATCH,
      ...(workflowId === undefined ? {} : { workflowId }),
      ...(userId === undefined ? {} : { userId }),
    };
    let deleted = 0;
    for (let cursor: string | undefined; ; ) {
      const page = await this.#store.listExecutions(cursor === undefined ? query : { ...query, cursor });
      // Nobody knows how old an execution is whose row cannot be read.
      const refs = page.items.filter((head) => unreadableOf(head) === undefined).map(refTo);
      if (refs.length > 0) deleted += await this.#store.deleteExecutions(refs);
      cursor = page.nextCursor;
      if (cursor === undefined) return deleted;
    }
  }
}

/** Names an execution as it was read: what has been changed or claimed since is left alone. */
function refTo({ id, version, token }: ExecutionRecord): { id: string; version: number; token: number } {
  return { id, version, token };
}

/** The fields of a head that cannot be read, by the store or by core. */
function unreadableOf(head: ExecutionRecord): readonly string[] | undefined {
  return head.unreadable ?? readStoredHead(head).unreadable;
}

/** A head as people see it. One that cannot be read, in part, comes as far as it can. */
function summarize(given: ExecutionRecord): ExecutionSummary {
  const unreadable = unreadableOf(given);
  const head = readStoredHead(given);
  const { createdAt, updatedAt, endedAt, leaseUntil, wakeAt, ...rest } = head;
  return {
    ...rest,
    status: shownStatus(head),
    createdAt: isoTime(createdAt),
    updatedAt: isoTime(updatedAt),
    ...(endedAt === undefined ? {} : { endedAt: isoTime(endedAt) }),
    ...(leaseUntil === undefined ? {} : { leaseUntil: isoTime(leaseUntil) }),
    ...(wakeAt === undefined ? {} : { wakeAt: isoTime(wakeAt) }),
    ...(unreadable === undefined ? {} : { unreadable }),
  };
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

function timeOf(value: Date | string | number): number {
  const ms = Number(typeof value === "string" ? new Date(value) : value);
  if (Number.isFinite(ms) && ms >= 0) return Math.floor(ms);
  throw new WorkflowError("INVALID_ARGUMENT", `createdBefore is not a time: ${quoted(value)}.`);
}
