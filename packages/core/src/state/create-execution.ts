import { abandonPromises } from "../abandoned-promises.ts";
import { randomUUID } from "../crypto.ts";
import { WorkflowError } from "../errors.ts";
import { mustBe } from "../given.ts";
import type { CheckpointRecord, ExecutionRecord, FailureRecord, NewExecution } from "../store/checkpoint-store.ts";
import { freshState, type RestoredState } from "./fresh-state.ts";
import type { HistoryPage } from "./history-page.ts";
import { initialRecord } from "./initial-record.ts";
import { Journal } from "./journal.ts";
import { isPlainObject } from "./live-values.ts";
import { noProgress } from "./progress.ts";
import type { ReadHistory } from "./read-history.ts";
import type { Surroundings } from "./surroundings.ts";

/** An execution that was opened, with its state in memory. */
export interface OpenedExecution {
  journal: Journal;
  /** The records that were read, checked, the first of them a snapshot. */
  records: CheckpointRecord[];
  record: ExecutionRecord;
  readOnly: boolean;
  /** Only the newest checkpoint was asked for, or a page. */
  lastOnly: boolean;
  /** The page of checkpoints that was asked for. */
  page?: HistoryPage;
  /** By the store's clock, when it was opened: it was running and its owner is presumed dead. */
  leaseExpired: boolean;
}

/** The node run that starts an execution. */
export type Parent = Required<Pick<NewExecution, "parentId" | "parentNodeId" | "parentVisit">>;

/** What a new execution starts with. */
export interface CreateOptions {
  workflowId: string;
  userId: string;
  initialData: object;
  totalSteps: number;
  /** Default: a new id. */
  executionId?: string | undefined;
  definitionHash?: string | undefined;
  /** The nodes it starts at. Default: all that no edge leads to. */
  start?: readonly string[] | undefined;
  /** Up to 4,096 bytes as JSON. */
  metadata?: Readonly<Record<string, string>> | undefined;
  /** Milliseconds since the epoch; never later than the store's clock. Default: now. */
  createdAt?: number | undefined;
  parent?: Parent | undefined;
  /** Milliseconds from now after which it must have ended. */
  deadlineMs?: number | undefined;
  /** Creates it as pending and due at once, without an owner. */
  isPending?: boolean;
  /** Creates it as pending, with this failure and without an owner or a time to wake: nobody recovers it. */
  unowned?: FailureRecord;
  /** Creates it as cancelled, with this failure: nothing ever runs under the id. */
  cancelled?: FailureRecord;
}

/**
 * Creates an execution, owned by this call's owner.
 *
 * @throws {WorkflowError} INVALID_ARGUMENT, EXECUTION_ALREADY_EXISTS, STATE_NOT_SERIALIZABLE, PAYLOAD_TOO_LARGE, STORE_UNAVAILABLE
 */
export async function createExecution(surroundings: Surroundings, options: CreateOptions): Promise<OpenedExecution> {
  const { store, codec, clock, leaseMs } = surroundings;
  const { initialData, executionId = randomUUID() } = options;
  if (!isPlainObject(initialData)) {
    abandonPromises(initialData);
    throw new WorkflowError("INVALID_ARGUMENT", `initialData ${mustBe("a plain object", initialData)}.`);
  }
  const { totalSteps, definitionHash } = options;
  const contextText = codec.encode(initialData);
  const progress = { ...noProgress(randomUUID()), start: options.start };
  const begun = { contextText, progress, currentStep: 0, totalSteps, definitionHash };
  const initial = initialRecord({ codec, timestamp: clock.now() }, executionId, begun);
  const { seq: _seq, ...checkpoint } = initial;
  const execution: NewExecution = {
    id: executionId,
    workflowId: options.workflowId,
    userId: options.userId,
    ...ownerOf(options, leaseMs),
    currentStep: 0,
    totalSteps,
    checkpoint,
    ...options.parent,
  };
  if (definitionHash !== undefined) execution.definitionHash = definitionHash;
  if (options.metadata !== undefined) execution.metadata = options.metadata;
  if (options.deadlineMs !== undefined) execution.deadlineMs = options.deadlineMs;
  if (options.createdAt !== undefined) execution.createdAt = options.createdAt;
  const records = [initial];
  // Before the write: what cannot be read back must not be in the store.
  let restored: RestoredState;
  try {
    restored = freshState(codec, begun, initial.payload);
  } catch (error) {
    const { unreadable } = await import("./corrupt.ts");
    throw unreadable(0, error);
  }
  const askedMs = clock.elapsed();
  const head = await store.createExecution(execution);
  return open(surroundings, { head, records, restored }, { readOnly: false, askedMs });
}

/** Who owns a new execution, or why nobody does. */
function ownerOf(
  { isPending = false, unowned, cancelled }: CreateOptions,
  leaseMs: number,
): Pick<NewExecution, "status" | "owner" | "leaseMs" | "wakeInMs" | "failure"> {
  if (cancelled !== undefined) return { status: "cancelled", failure: cancelled };
  if (unowned !== undefined) return { status: "pending", failure: unowned };
  return isPending ? { status: "pending", wakeInMs: 0 } : { status: "running", owner: randomUUID(), leaseMs };
}

/** Puts an execution in memory together from what was read or written. */
export function open(
  surroundings: Surroundings,
  { head, records, restored }: ReadHistory,
  flags: { readOnly: boolean; lastOnly?: boolean; leaseExpired?: boolean; askedMs?: number },
): OpenedExecution {
  const { lastOnly = false, leaseExpired = false, readOnly, askedMs = surroundings.clock.elapsed() } = flags;
  const journal = new Journal(surroundings, head, restored, askedMs);
  return { journal, records, record: head, readOnly, lastOnly, leaseExpired };
}
