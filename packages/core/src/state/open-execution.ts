import { randomUUID } from "../crypto.ts";
import { WorkflowError } from "../errors.ts";
import type {
  CheckpointRecord,
  ExecutionRecord,
  FailureRecord,
  NewExecution,
  WorkflowStatus,
} from "../store/checkpoint-store.ts";
import { checkId } from "../store/checks.ts";
import { notFound } from "../store/rules.ts";
import { History } from "./history.ts";
import { refuseIncompleteImport } from "./incomplete-import.ts";
import { Journal, type JournalOptions } from "./journal.ts";
import { isPlain } from "./live-values.ts";
import { snapshotPayload } from "./payload.ts";
import { restoreState } from "./restore.ts";

/** An execution that was opened, with its state in memory. */
export interface OpenedExecution {
  journal: Journal;
  history: History<unknown>;
  record: ExecutionRecord;
  readOnly: boolean;
  /** Only the newest checkpoint was asked for. */
  lastOnly: boolean;
  /** By the store's clock, when it was opened: it was running and its owner is presumed dead. */
  leaseExpired: boolean;
}

/** What a new execution starts with. */
export interface CreateOptions {
  workflowId: string;
  userId: string;
  initialData: object;
  totalSteps: number;
  /** Default: a new id. */
  executionId?: string | undefined;
  definitionHash?: string | undefined;
  currentStep?: number;
  /** Creates it as pending, with this failure and without an owner or a time to wake: nobody recovers it. */
  unowned?: FailureRecord;
}

/**
 * Creates an execution, owned by this call's owner.
 *
 * @throws {WorkflowError} INVALID_ARGUMENT, EXECUTION_ALREADY_EXISTS, STATE_NOT_SERIALIZABLE, PAYLOAD_TOO_LARGE, STORE_UNAVAILABLE
 */
export async function createExecution(surroundings: JournalOptions, options: CreateOptions): Promise<OpenedExecution> {
  const { store, codec, clock, leaseMs } = surroundings;
  const { initialData, executionId = randomUUID() } = options;
  if (typeof initialData !== "object" || initialData === null || !isPlain(initialData)) {
    throw new WorkflowError("INVALID_ARGUMENT", "initialData must be a plain object.");
  }
  const payload = snapshotPayload({ contextText: codec.encode(initialData), ran: [], attempts: new Map() });
  const execution: NewExecution = {
    id: executionId,
    workflowId: options.workflowId,
    userId: options.userId,
    ...(options.unowned === undefined
      ? { status: "running", owner: randomUUID(), leaseMs }
      : { status: "pending", failure: options.unowned }),
    currentStep: options.currentStep ?? 0,
    totalSteps: options.totalSteps,
    checkpoint: {
      id: randomUUID(),
      kind: "snapshot",
      nodeId: "",
      nodeName: "",
      stepNumber: options.currentStep ?? 0,
      attempt: 1,
      durationMs: 0,
      payload,
      timestamp: clock.now(),
    },
  };
  if (options.definitionHash !== undefined) execution.definitionHash = options.definitionHash;
  const record = await store.createExecution(execution);
  return open(surroundings, record, [{ ...execution.checkpoint, seq: 0 }], { readOnly: false });
}

/** An execution that was claimed, with its head as it was before. */
export interface ClaimedExecution extends OpenedExecution {
  before: ExecutionRecord;
}

/** How an execution is claimed. */
export interface ClaimOptions {
  /** Reads all records, not only the newest snapshot and what follows it. */
  history?: boolean;
}

/** Statuses from which an execution can be gone on with; a running one only when its lease has lapsed. */
const RESUMABLE: readonly WorkflowStatus[] = ["pending", "failed", "suspended", "running"];

/** Reads the head. @throws {WorkflowError} INVALID_ARGUMENT, EXECUTION_NOT_FOUND, STORE_UNAVAILABLE */
export async function readHead({ store }: JournalOptions, executionId: string): Promise<ExecutionRecord> {
  checkId(executionId, "executionId");
  const record = await store.getExecution(executionId);
  if (record === undefined) throw notFound(executionId);
  return record;
}

/**
 * Claims an execution that can be resumed and puts its state together. `before` is its head as it was read.
 *
 * @throws {WorkflowError} EXECUTION_NOT_FOUND, INVALID_STATUS, IMPORT_INCOMPLETE, LEASE_HELD, STATE_VERSION_UNSUPPORTED,
 *   STATE_CORRUPT, STATE_TYPE_UNKNOWN, STORE_UNAVAILABLE
 */
export async function claimExecution(
  surroundings: JournalOptions,
  before: ExecutionRecord,
  options: ClaimOptions = {},
): Promise<ClaimedExecution> {
  const { store, leaseMs } = surroundings;
  const { history = false } = options;
  const { id } = before;
  refuseIncompleteImport(before);
  const claim = { claimId: randomUUID(), owner: randomUUID(), leaseMs, from: RESUMABLE };
  const record = await store.claimExecution(id, claim);
  try {
    const range = history ? {} : { from: record.snapshotSeq };
    const records = await store.readCheckpoints(id, range);
    return { ...open(surroundings, record, records, { readOnly: false }), before };
  } catch (error) {
    await putBack(surroundings, record, before);
    throw error;
  }
}

/**
 * Undoes a claim that leads to no run: gives the execution the status and the failure that it had. A crashed one becomes
 * pending.
 *
 * - Never throws: the error that led here is the one to report. If this fails, too, the lease lapses by itself.
 */
export async function putBack(
  { store }: JournalOptions,
  { id, token, version }: Pick<ExecutionRecord, "id" | "token" | "version">,
  before: ExecutionRecord,
): Promise<void> {
  const { status, failure = null, wakeAt = null } = before;
  const head = { status: status === "running" ? "pending" : status, failure, wakeAt } as const;
  await store.commit(id, { commitId: randomUUID(), token, version, head }).catch(() => undefined);
}

/**
 * Opens an execution for reading.
 *
 * @throws {WorkflowError} INVALID_ARGUMENT, EXECUTION_NOT_FOUND, STATE_VERSION_UNSUPPORTED, STORE_UNAVAILABLE
 */
export async function readExecution(
  surroundings: JournalOptions,
  executionId: string,
  checkpoints: "all" | "last",
): Promise<OpenedExecution> {
  const { store } = surroundings;
  const record = await readHead(surroundings, executionId);
  const range = { from: checkpoints === "last" ? record.snapshotSeq : record.firstSeq, to: record.seq };
  const [records, leaseExpired] = await Promise.all([
    store.readCheckpoints(executionId, range),
    hasLapsedLease(surroundings, record),
  ]);
  return open(surroundings, record, records, { readOnly: true, lastOnly: checkpoints === "last", leaseExpired });
}

/** Only the store can tell: leases go by its clock. */
async function hasLapsedLease({ store }: JournalOptions, record: ExecutionRecord): Promise<boolean> {
  if (record.status !== "running") return false;
  const { workflowId, userId, createdAt } = record;
  const query = { workflowId, userId, leaseExpired: true, createdBefore: createdAt + 1, limit: 100 };
  for (let cursor: string | undefined; ; ) {
    const page = await store.listExecutions(cursor === undefined ? query : { ...query, cursor });
    if (page.items.some(({ id }) => id === record.id)) return true;
    cursor = page.nextCursor;
    const oldest = page.items.at(-1)?.createdAt;
    if (cursor === undefined || (oldest !== undefined && oldest < createdAt)) return false;
  }
}

function open(
  surroundings: JournalOptions,
  record: ExecutionRecord,
  records: CheckpointRecord[],
  flags: { readOnly: boolean; lastOnly?: boolean; leaseExpired?: boolean },
): OpenedExecution {
  const { lastOnly = false, leaseExpired = false, readOnly } = flags;
  const journal = new Journal(surroundings, record, restoreState(surroundings.codec, records));
  const history = new History<unknown>(surroundings.codec, records);
  return { journal, history, record, readOnly, lastOnly, leaseExpired };
}
