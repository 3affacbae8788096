import { randomUUID } from "../crypto.ts";
import { isWorkflowError } from "../errors.ts";
import type { ExecutionRecord, WorkflowStatus } from "../store/checkpoint-store.ts";
import { checkId } from "../store/checks.ts";
import { notFound } from "../store/refusals.ts";
import { isEnded } from "../store/status.ts";
import { checkHead } from "./checked-history.ts";
import { type OpenedExecution, open } from "./create-execution.ts";
import type { PageQuery } from "./history-page.ts";
import { refuseIncompleteImport } from "./incomplete-import.ts";
import { type HistoryStart, type ReadHistory, readHistory } from "./read-history.ts";
import { RESUMABLE } from "./status-policy.ts";
import type { Surroundings } from "./surroundings.ts";

/** An execution that was claimed, with its head as it was before. */
export interface ClaimedExecution extends OpenedExecution {
  before: ExecutionRecord;
}

/** How an execution is claimed. */
export interface ClaimOptions {
  /** Reads all records, not only the newest snapshot and what follows it. */
  history?: boolean;
  /** The statuses to claim it from. Default: all from which it can be resumed. */
  from?: readonly WorkflowStatus[] | undefined;
}

/**
 * Reads the head.
 *
 * - With a `userId`, an execution of another user does not exist. Nothing else is looked at before.
 *
 * @throws {WorkflowError} INVALID_ARGUMENT, EXECUTION_NOT_FOUND, STATE_CORRUPT, STORE_UNAVAILABLE
 */
export async function readHead(
  { store }: Surroundings,
  executionId: string,
  userId?: string,
): Promise<ExecutionRecord> {
  checkId(executionId, "executionId");
  const record = await store.getExecution(executionId);
  if (record === undefined || (userId !== undefined && record.userId !== userId)) throw notFound(executionId);
  checkHead(record);
  return record;
}

/**
 * Claims an execution that can be resumed and puts its state together. `before` is its head as it was read.
 *
 * - Reads and checks the history first, so nothing is written to an execution that is damaged.
 * - An execution of another user or workflow that has the id by now is not found.
 *
 * @throws {WorkflowError} EXECUTION_NOT_FOUND, INVALID_STATUS, IMPORT_INCOMPLETE, LEASE_HELD, STATE_VERSION_UNSUPPORTED,
 *   STATE_CORRUPT, STATE_TYPE_UNKNOWN, STORE_UNAVAILABLE
 */
export async function claimExecution(
  surroundings: Surroundings,
  before: ExecutionRecord,
  options: ClaimOptions = {},
): Promise<ClaimedExecution> {
  refuseIncompleteImport(before);
  const { history = false, from = RESUMABLE } = options;
  const start = history ? "oldest" : "snapshot";
  const { head, read, claimed: granted, askedMs } = await claimAsRead(surroundings, before, { start, from });
  const claimed = withFailure(granted, head);
  if (claimed.userId !== before.userId || claimed.workflowId !== before.workflowId) {
    // The id was deleted and used again since. Nobody is to run it by this call, and nobody does: it has no `wakeAt`.
    await putBack(surroundings, claimed, { ...claimed, status: "pending" });
    throw notFound(before.id);
  }
  if (read !== undefined && isSameHistory(head, claimed)) {
    return { ...open(surroundings, { ...read, head: claimed }, { readOnly: false, askedMs }), before: head };
  }
  try {
    const newer = await readHistory(surroundings, claimed, start);
    return { ...open(surroundings, newer, { readOnly: false, askedMs }), before: head };
  } catch (error) {
    await putBack(surroundings, claimed, head);
    throw error;
  }
}

/** How often an execution is looked at again because its status changed before it could be claimed. */
const MAX_CHANGES = 5;

/** Reads an execution and claims it from the status that it was read with, which says what the claim means. */
async function claimAsRead(
  surroundings: Surroundings,
  found: ExecutionRecord,
  { start, from: allowed }: { start: HistoryStart; from: readonly WorkflowStatus[] },
): Promise<{ head: ExecutionRecord; read: ReadHistory | undefined; claimed: ExecutionRecord; askedMs: number }> {
  const { store, leaseMs, clock } = surroundings;
  for (let before = found, changes = 0; ; changes++) {
    // What cannot be claimed need not be read; the store says why.
    const mayClaim = allowed.includes(before.status);
    const read = mayClaim ? await readHistory(surroundings, before, start) : undefined;
    const { head = before } = read ?? {};
    const from = allowed.includes(head.status) && changes < MAX_CHANGES ? [head.status] : allowed;
    const claim = { claimId: randomUUID(), owner: randomUUID(), leaseMs, from };
    const askedMs = clock.elapsed();
    try {
      return { head, read, claimed: await store.claimExecution(found.id, claim), askedMs };
    } catch (error) {
      if (from === allowed || !isWorkflowError(error, "INVALID_STATUS")) throw error;
      before = await readHead(surroundings, found.id);
    }
  }
}

/** A claim removes the failure after which the next attempt waits. A run that stops before that attempt writes it again. */
function withFailure(claimed: ExecutionRecord, { status, failure, createdAt }: ExecutionRecord): ExecutionRecord {
  const isKept = status === "pending" && failure !== undefined && createdAt === claimed.createdAt;
  return isKept ? { ...claimed, failure } : claimed;
}

/** Claims leave the version as it is, and every record raises it. */
function isSameHistory(before: ExecutionRecord, claimed: ExecutionRecord): boolean {
  return before.version === claimed.version && before.seq === claimed.seq && before.createdAt === claimed.createdAt;
}

/**
 * Undoes a claim that leads to no run: gives the execution the status and the failure that it had. A crashed one stays
 * running with a lapsed lease, so that the next claim learns of the crash.
 *
 * - Never throws: the error that led here is the one to report. If this fails, too, the lease lapses by itself.
 */
export async function putBack(
  { store }: Surroundings,
  { id, token, version }: Pick<ExecutionRecord, "id" | "token" | "version">,
  before: ExecutionRecord,
): Promise<void> {
  const { status, failure = null, wakeAt = null, endedAt } = before;
  const ended = endedAt === undefined || !isEnded(status) ? {} : { endedAt };
  const change = status === "running" ? { leaseMs: 0 } : { head: { status, failure, wakeAt, ...ended } };
  await store.commit(id, { commitId: randomUUID(), token, version, ...change }).catch(() => undefined);
}

/** What is read of an execution. */
export interface ReadQuery {
  /** Default: "all". */
  checkpoints?: "all" | "last" | PageQuery;
  /** The user it must belong to. Default: any. */
  userId?: string;
}

/**
 * Opens an execution for reading.
 *
 * @throws {WorkflowError} INVALID_ARGUMENT, EXECUTION_NOT_FOUND, STATE_VERSION_UNSUPPORTED, STATE_CORRUPT,
 *   STATE_TYPE_UNKNOWN, STORE_UNAVAILABLE
 */
export async function readExecution(
  surroundings: Surroundings,
  executionId: string,
  { checkpoints = "all", userId }: ReadQuery = {},
): Promise<OpenedExecution> {
  const record = await readHead(surroundings, executionId, userId);
  const lastOnly = checkpoints !== "all";
  const read = await readHistory(surroundings, record, lastOnly ? "snapshot" : "oldest");
  const leaseExpired = hasLapsedLease(read.head);
  const opened = open(surroundings, read, { readOnly: true, lastOnly, leaseExpired });
  if (typeof checkpoints === "string") return opened;
  const { pageOf } = await import("./history-page.ts");
  return { ...opened, page: await pageOf(surroundings, read.head, checkpoints) };
}

/** Leases go by the store's clock, and so does the time of the reading. */
function hasLapsedLease({ status, leaseUntil = 0, readAt }: ExecutionRecord): boolean {
  return status === "running" && leaseUntil <= readAt;
}
