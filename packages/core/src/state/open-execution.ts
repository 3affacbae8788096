import { randomUUID } from "node:crypto";
import { WorkflowError } from "../errors.ts";
import { checkId } from "../store/arguments.ts";
import type {
  CheckpointRecord,
  ExecutionRecord,
  FailureRecord,
  NewExecution,
  WorkflowStatus,
} from "../store/checkpoint-store.ts";
import { notFound } from "../store/rules.ts";
import { isPlain } from "./codec.ts";
import { History } from "./history.ts";
import { Journal, type JournalOptions } from "./journal.ts";
import { snapshotPayload } from "./payload.ts";
import { restoreState } from "./restore.ts";
import { callStore } from "./store-call.ts";

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
    status: "running",
    currentStep: options.currentStep ?? 0,
    totalSteps: options.totalSteps,
    owner: randomUUID(),
    leaseMs,
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
  const record = await callStore(clock, () => store.createExecution(execution));
  return open(surroundings, record, [{ ...execution.checkpoint, seq: 0 }], { readOnly: false });
}

/** How an execution is claimed. */
export interface ClaimOptions {
  /** Reads all records, not only the newest snapshot and what follows it. */
  history?: boolean;
}

/**
 * Claims an execution that can be resumed and puts its state together.
 *
 * - Where its owner crashed, `crashed` is true: the node after the last checkpoint may have begun.
 *
 * @throws {WorkflowError} INVALID_ARGUMENT, EXECUTION_NOT_FOUND, INVALID_STATUS, LEASE_HELD, STATE_VERSION_UNSUPPORTED, STORE_UNAVAILABLE
 */
export async function claimExecution(
  surroundings: JournalOptions,
  executionId: string,
  options: ClaimOptions = {},
): Promise<OpenedExecution & { statusBefore: WorkflowStatus; failureBefore: FailureRecord | undefined }> {
  const { store, codec, clock, leaseMs } = surroundings;
  checkId(executionId, "executionId");
  const before = await callStore(clock, () => store.getExecution(executionId));
  if (before === undefined) throw notFound(executionId);
  const claimId = randomUUID();
  const owner = randomUUID();
  const record = await callStore(clock, () =>
    store.claimExecution(executionId, { claimId, owner, leaseMs, from: ["pending", "failed", "suspended", "running"] }),
  );
  const from = options.history === true ? {} : { from: record.snapshotSeq };
  const records = await callStore(clock, () => store.readCheckpoints(executionId, from));
  const opened = open({ store, codec, clock, leaseMs }, record, records, { readOnly: false });
  return { ...opened, statusBefore: before.status, failureBefore: before.failure };
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
  const { store, clock } = surroundings;
  checkId(executionId, "executionId");
  const record = await callStore(clock, () => store.getExecution(executionId));
  if (record === undefined) throw notFound(executionId);
  const range = { from: checkpoints === "last" ? record.snapshotSeq : record.firstSeq, to: record.seq };
  const [records, leaseExpired] = await Promise.all([
    callStore(clock, () => store.readCheckpoints(executionId, range)),
    hasLapsedLease(surroundings, record),
  ]);
  return open(surroundings, record, records, { readOnly: true, lastOnly: checkpoints === "last", leaseExpired });
}

/** Only the store can tell: leases go by its clock. */
async function hasLapsedLease({ store, clock }: JournalOptions, record: ExecutionRecord): Promise<boolean> {
  if (record.status !== "running") return false;
  const { workflowId, userId, createdAt } = record;
  const query = { workflowId, userId, leaseExpired: true, createdBefore: createdAt + 1, limit: 100 };
  for (let cursor: string | undefined; ; ) {
    const page = await callStore(clock, () =>
      store.listExecutions(cursor === undefined ? query : { ...query, cursor }),
    );
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
