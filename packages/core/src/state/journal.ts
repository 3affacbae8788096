import type { Clock } from "../clock.ts";
import type {
  CheckpointKind,
  CheckpointRecord,
  CheckpointStore,
  ExecutionRecord,
  FailureRecord,
  WorkflowStatus,
} from "../store/checkpoint-store.ts";
import { payloadTooLarge } from "../store/checks.ts";
import { type Codec, isTagged } from "./codec.ts";
import { CommitQueue, type QueuedCommit } from "./commit-queue.ts";
import { difference, patchDifference } from "./delta.ts";
import {
  type CommitExtra,
  NO_NODE,
  type NodeEntry,
  type PreparedCheckpoint,
  type SavedParts,
} from "./journal-entries.ts";
import { type ChangesExtra, changesPayload, type RanNode, snapshotPayload } from "./payload.ts";
import type { UnsealedCheckpoint } from "./record-seal.ts";
import type { RestoredState, ResumedNode } from "./restore.ts";
import type { WaitLimits } from "./retry-store.ts";
import { sizesAfter, sizesGrown, snapshotIsDue, type TextSizes } from "./text-sizes.ts";

/** What a journal needs to know of its surroundings. */
export interface JournalOptions {
  /** Tries calls again while it cannot be reached. */
  store: CheckpointStore;
  /** The same store without that: the queue of commits has a patience of its own. */
  bareStore: CheckpointStore;
  codec: Codec;
  clock: Clock;
  leaseMs: number;
  storeRetryMs: number;
  limits?: WaitLimits | undefined;
}

/** A state that can be gone back to. The older one leads to the newer one, so that nothing keeps those that are gone. */
interface Mark {
  order: number;
  isVoid: boolean;
  next: Mark | undefined;
}

/**
 * One owner's pen on an execution: it holds the state, knows what of it is unsaved, and writes it in order.
 *
 * - Commits are queued: each builds on the one before it (commit-queue.ts).
 */
export class Journal {
  readonly executionId: string;
  readonly record: Readonly<Pick<ExecutionRecord, "id" | "workflowId" | "userId" | "token" | "createdAt">>;
  status: WorkflowStatus;
  currentStep: number;
  totalSteps: number;
  checkpointsCount: number;
  failure: FailureRecord | undefined;
  definitionHash: string | undefined;
  /** The nodes that have completed, in the order in which they ran. */
  readonly ran: RanNode[];
  /** Attempts that have begun of nodes that have not completed. */
  readonly attempts: Map<string, number>;
  /** What a suspended node was resumed with, until it has completed. */
  resumed: ResumedNode | undefined;
  /** Told of every record once it is committed. */
  onRecord: ((record: CheckpointRecord) => void) | undefined;

  /** False where the context surely holds no instance (Map, Date, bytes…): nothing in its text is tagged. */
  holdsInstances: boolean;

  readonly #options: JournalOptions;
  readonly #queue: CommitQueue;
  #context: Record<string, unknown>;
  #operations: string[] = [];
  #sizes: TextSizes;
  #lastMark: Mark = { order: 0, isVoid: false, next: undefined };

  constructor(options: JournalOptions, record: ExecutionRecord, restored: RestoredState) {
    this.#options = options;
    this.record = record;
    this.executionId = record.id;
    this.status = record.status;
    this.currentStep = record.currentStep;
    this.totalSteps = record.totalSteps;
    this.checkpointsCount = record.checkpointsCount;
    this.failure = record.failure;
    this.definitionHash = record.definitionHash;
    this.ran = restored.ran;
    this.attempts = restored.attempts;
    this.resumed = restored.resumed;
    this.holdsInstances = restored.tagged;
    this.#queue = new CommitQueue(options.bareStore, options, record);
    this.#context = restored.context;
    const { stateSize, snapshotSize, changesSize } = restored;
    this.#sizes = { state: stateSize, snapshot: snapshotSize, changes: changesSize };
  }

  /** The state as the codec decodes it. Not to be handed out as it is: see ContextValues. */
  get context(): Record<string, unknown> {
    return this.#context;
  }

  /** Takes over a whole context. @throws {WorkflowError} STATE_NOT_SERIALIZABLE; nothing has changed then */
  replaceContext(next: Record<string, unknown>): void {
    this.#take(difference(this.#options.codec, this.#context, next));
  }

  /** Takes over top-level keys. @throws {WorkflowError} STATE_NOT_SERIALIZABLE; nothing has changed then */
  patchContext(changes: Record<string, unknown>): void {
    this.#take(patchDifference(this.#options.codec, this.#context, changes));
  }

  /** What ended this owner's writing for good. */
  get broken(): { error: unknown } | undefined {
    return this.#queue.broken;
  }

  /** A lower bound of when the lease was last renewed, by `clock.elapsed()`. */
  get leaseRenewedMs(): number {
    return this.#queue.renewedMs;
  }

  /**
   * Returns a function that takes everything back that was changed since, as long as none of it is committed.
   *
   * - Several of them may be called in any order: going back to a state makes void those that lead to a later one.
   */
  mark(): () => void {
    const mark: Mark = { order: this.#lastMark.order + 1, isVoid: false, next: undefined };
    this.#lastMark.next = mark;
    this.#lastMark = mark;
    const kept = {
      status: this.status,
      currentStep: this.currentStep,
      totalSteps: this.totalSteps,
      checkpointsCount: this.checkpointsCount,
      failure: this.failure,
      definitionHash: this.definitionHash,
      resumed: this.resumed,
      holdsInstances: this.holdsInstances,
    };
    const context = this.#context;
    const operations = this.#operations;
    const sizes = this.#sizes;
    const ranCount = this.ran.length;
    const attempts = [...this.attempts];
    return () => {
      if (mark.isVoid) return;
      for (let later = mark.next; later !== undefined; later = later.next) later.isVoid = true;
      Object.assign(this, kept);
      this.#context = context;
      this.#operations = operations;
      this.#sizes = sizes;
      this.ran.length = ranCount;
      this.attempts.clear();
      for (const [nodeId, attempt] of attempts) this.attempts.set(nodeId, attempt);
      this.#queue.takenBack(mark.order);
    };
  }

  /**
   * Marks a node as run and makes the text of its checkpoint, with all unsaved changes.
   *
   * @throws {WorkflowError} PAYLOAD_TOO_LARGE
   */
  prepareNode({ nodeId, handles }: Pick<NodeEntry, "nodeId" | "handles">): PreparedCheckpoint {
    this.ran.push(handles === undefined ? { nodeId } : { nodeId, handles });
    this.attempts.delete(nodeId);
    if (this.resumed?.nodeId === nodeId) this.resumed = undefined;
    const prepared = this.#nodePayload(handles);
    this.#refuseTooLarge(prepared.payload);
    this.#sizes = sizesGrown(this.#sizes, nodeId.length + 3);
    return prepared;
  }

  /** Commits the checkpoint of a node that has completed. */
  commitPrepared({ kind, payload }: PreparedCheckpoint, entry: NodeEntry, extra: CommitExtra = {}): Promise<void> {
    return this.#write(kind, payload, entry, extra);
  }

  /**
   * Writes the checkpoint of a node that has completed, with all unsaved changes.
   *
   * - If it is refused, everything is as before.
   */
  async commitNode(entry: NodeEntry, extra: CommitExtra = {}): Promise<void> {
    const undo = this.mark();
    try {
      await this.commitPrepared(this.prepareNode(entry), entry, extra);
    } catch (error) {
      if (this.broken === undefined) undo();
      throw error;
    }
  }

  /** Writes the error checkpoint of a node that has failed. The context stays as it was before the node. */
  async commitError(entry: NodeEntry & { error: FailureRecord }, extra: CommitExtra = {}): Promise<void> {
    const undo = this.mark();
    try {
      this.attempts.set(entry.nodeId, entry.attempt);
      await this.#write("error", changesPayload(this.#operations), entry, extra);
    } catch (error) {
      if (this.broken === undefined) undo();
      throw error;
    }
  }

  /** Writes unsaved changes and the head, without a checkpoint that users see. If it is refused, all is as before. */
  async save(extra: CommitExtra = {}, parts: SavedParts = {}): Promise<void> {
    const { begun, resumed } = parts;
    const undo = this.mark();
    try {
      if (begun !== undefined) this.attempts.set(begun.nodeId, begun.attempt);
      if (resumed !== undefined) this.resumed = resumed;
      if (this.#operations.length === 0 && Object.keys(parts).length === 0)
        return await this.#enqueue(undefined, extra);
      const written: ChangesExtra = begun === undefined ? {} : { begun };
      if (resumed !== undefined) {
        const dataText = this.#options.codec.encode(resumed.data, ["data"]);
        written.resumed = { nodeId: resumed.nodeId, dataText };
      }
      await this.#write("save", changesPayload(this.#operations, written), NO_NODE, extra);
    } catch (error) {
      if (this.broken === undefined) undo();
      throw error;
    }
  }

  /** Renews the lease. */
  renewLease(): Promise<void> {
    return this.#queue.renew(this.#options.leaseMs);
  }

  /** Resolves once everything queued is committed; rejects with what stopped it. */
  settled(): Promise<void> {
    return this.#queue.settled();
  }

  /** Ends the patience with a store that is away: nobody waits for it any more. */
  end(): void {
    this.#queue.end();
  }

  #take({ value, operations, growth }: ReturnType<typeof difference>): void {
    this.#context = value as Record<string, unknown>;
    this.#sizes = sizesGrown(this.#sizes, growth);
    if (operations.length === 0) return;
    this.#operations = this.#operations.length === 0 ? operations : [...this.#operations, ...operations];
    this.holdsInstances ||= operations.some(isTagged);
  }

  /**
   * A snapshot where one is due: when reading the newest one and what follows it would be more than twice the state.
   * One that is too large for the store is left out for another delta.
   */
  #nodePayload(handles: readonly string[] | undefined): { kind: CheckpointKind; payload: string } {
    const payload = changesPayload(this.#operations, { handles });
    if (snapshotIsDue(this.#sizes, payload)) {
      const contextText = this.#options.codec.encode(this.#context);
      const snapshot = snapshotPayload({ contextText, ran: this.ran, attempts: this.attempts });
      if (!this.#exceedsStore(snapshot)) return { kind: "snapshot", payload: snapshot };
    }
    return { kind: "delta", payload };
  }

  #exceedsStore(payload: string): boolean {
    const { maxPayloadBytes } = this.#options.store.capabilities;
    return payload.length * 3 > maxPayloadBytes && Buffer.byteLength(payload) > maxPayloadBytes;
  }

  #refuseTooLarge(payload: string): void {
    if (!this.#exceedsStore(payload)) return;
    const { maxPayloadBytes } = this.#options.store.capabilities;
    throw payloadTooLarge("The change", Buffer.byteLength(payload), maxPayloadBytes);
  }

  #write(kind: CheckpointKind, payload: string, entry: NodeEntry, extra: CommitExtra): Promise<void> {
    this.#refuseTooLarge(payload);
    this.#sizes = sizesAfter(this.#sizes, kind, payload);
    this.#operations = [];
    if (kind !== "save") this.checkpointsCount++;
    return this.#enqueue(this.#checkpoint(kind, payload, entry), extra);
  }

  #checkpoint(kind: CheckpointKind, payload: string, entry: NodeEntry): UnsealedCheckpoint {
    const checkpoint: UnsealedCheckpoint = {
      kind,
      nodeId: entry.nodeId,
      nodeName: entry.nodeName,
      stepNumber: kind === "error" ? this.currentStep + 1 : this.currentStep,
      attempt: entry.attempt,
      durationMs: entry.durationMs,
      payload,
      timestamp: entry.timestamp ?? this.#options.clock.now(),
    };
    if (entry.error !== undefined) checkpoint.error = entry.error;
    return checkpoint;
  }

  /** Queues a commit. Without a checkpoint of its own it gets an empty one, if the head cannot change without. */
  #enqueue(checkpoint: UnsealedCheckpoint | undefined, extra: CommitExtra): Promise<void> {
    if (extra.status !== undefined) this.status = extra.status;
    if (extra.totalSteps !== undefined) this.totalSteps = extra.totalSteps;
    if (extra.definitionHash !== undefined) this.definitionHash = extra.definitionHash;
    if (extra.failure !== undefined) this.failure = extra.failure ?? undefined;
    const commit: QueuedCommit = {
      head: { ...extra, currentStep: this.currentStep, totalSteps: this.totalSteps },
      checkpoint: checkpoint ?? this.#checkpoint("save", changesPayload([]), NO_NODE),
      isOptional: checkpoint === undefined,
      onRecord: this.onRecord,
    };
    if (this.status === "running") commit.leaseMs = this.#options.leaseMs;
    return this.#queue.add(commit, this.#lastMark.order);
  }
}
