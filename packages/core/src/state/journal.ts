import type {
  CheckpointKind,
  CheckpointRecord,
  ExecutionRecord,
  FailureRecord,
  WorkflowStatus,
} from "../store/checkpoint-store.ts";
import { CommitQueue, type QueuedCommit } from "./commit-queue.ts";
import { contextDifference } from "./context-difference.ts";
import { afterRecord, type DraftState, draftOf, updateOf, withContext, withHead } from "./draft-state.ts";
import type { RestoredState } from "./fresh-state.ts";
import {
  type ComposedCheckpoint,
  type ComposeOptions,
  type ContextChange,
  type HeadChange,
  NO_NODE,
  type NodeEntry,
} from "./journal-entries.ts";
import { JournalPoint } from "./journal-point.ts";
import { nodePayload, refuseTooLarge } from "./node-payload.ts";
import { afterNode, afterSave, type Progress, type RecordParts, snapshotOf } from "./progress.ts";
import type { UnsealedCheckpoint } from "./record-seal.ts";
import type { Surroundings } from "./surroundings.ts";
import { changesPayload } from "./write-payload.ts";

/**
 * One owner's pen on an execution: it holds the state, an immutable value, and writes what changes in it in order.
 *
 * - draft-state.ts and progress.ts say how the state changes, text-sizes.ts when a snapshot is due, and commit-queue.ts
 *   sends the commits: each builds on the one before it.
 */
export class Journal {
  readonly executionId: string;
  readonly record: Readonly<
    Pick<ExecutionRecord, "id" | "workflowId" | "userId" | "token" | "createdAt" | "parentId" | "metadata">
  >;
  readonly #surroundings: Surroundings;
  readonly #queue: CommitQueue;
  /** By `clock.elapsed()`: when the head was read. */
  readonly #readMs: number;
  readonly #askedMs: number;
  readonly #readAt: number;
  #point: JournalPoint;
  #newestOrder = 0;
  #onRecord: QueuedCommit["onRecord"];

  /** `askedMs`: when the head was asked for, by `clock.elapsed()`. */
  constructor(surroundings: Surroundings, record: ExecutionRecord, restored: RestoredState, askedMs: number) {
    this.#surroundings = surroundings;
    this.#askedMs = askedMs;
    this.record = record;
    this.executionId = record.id;
    this.#readAt = record.readAt;
    this.#readMs = surroundings.clock.elapsed();
    const { historyLimit } = surroundings;
    const keeper = async (limit: number) => {
      const { HistoryKeeper } = await import("./history-keeper.ts");
      return new HistoryKeeper(limit, record, restored.sizes.checkpoints);
    };
    this.#queue = new CommitQueue(surroundings.bareStore, surroundings, {
      head: record,
      keeper: historyLimit === undefined ? undefined : () => keeper(historyLimit),
    });
    this.#point = new JournalPoint(draftOf(record, restored), 0);
  }

  get context(): Record<string, unknown> {
    return this.#state.context;
  }

  get holdsInstances(): boolean {
    return this.#state.holdsInstances;
  }

  get progress(): Progress {
    return this.#state.progress;
  }

  get status(): WorkflowStatus {
    return this.#state.status;
  }

  get currentStep(): number {
    return this.#state.currentStep;
  }

  get totalSteps(): number {
    return this.#state.totalSteps;
  }

  get checkpointsCount(): number {
    return this.#state.checkpointsCount;
  }

  get failure(): FailureRecord | undefined {
    return this.#state.failure;
  }

  get definitionHash(): string | undefined {
    return this.#state.definitionHash;
  }

  /** What ended this owner's writing for good. */
  get broken(): { error: unknown } | undefined {
    return this.#queue.broken;
  }

  /** The number of the newest record that is committed. */
  get newestSeq(): number {
    return this.#queue.newestSeq;
  }

  /** A lower bound of when the lease was last renewed, by `clock.elapsed()`. */
  get leaseRenewedMs(): number {
    return this.#queue.renewedMs;
  }

  /**
   * The time by the store's clock, in whole milliseconds since the epoch: when the head was read, and the time elapsed
   * since. So a wrong clock of this machine changes no wait.
   *
   * - It is at most the store's time, so nothing that it finds over or due is early.
   */
  storeNow(): number {
    return Math.floor(this.#readAt + this.#surroundings.clock.elapsed() - this.#readMs);
  }

  /**
   * A time that the store's clock has not passed, in whole milliseconds since the epoch: for the ends of waits that begin
   * now. The store read the head at some moment between the question and its answer.
   */
  storeNowAtMost(): number {
    return Math.ceil(this.#readAt + this.#surroundings.clock.elapsed() - this.#askedMs);
  }

  /** The state as it is now, for {@link undoTo}. */
  get point(): JournalPoint {
    return this.#point;
  }

  /** Calls back with every record once it is committed, and with the milliseconds that the store took for its commit. */
  watchRecords(onRecord: (record: CheckpointRecord, durationMs: number) => void): void {
    this.#onRecord = onRecord;
  }

  /** The number of the attempt of a node that comes next. */
  nextAttempt(nodeId: string): number {
    return (this.progress.attempts.get(nodeId)?.attempt ?? 0) + 1;
  }

  /** Takes over a whole context. @throws {WorkflowError} STATE_NOT_SERIALIZABLE; nothing has changed then */
  replaceContext(context: Record<string, unknown>): void {
    this.#goTo(this.#changed(this.#state, { context }));
  }

  /** Takes over top-level keys. @throws {WorkflowError} STATE_NOT_SERIALIZABLE; nothing has changed then */
  patchContext(changes: Record<string, unknown>): void {
    this.#goTo(this.#changed(this.#state, { changes }));
  }

  /** Sets the step. It is held until the next commit. */
  setStep(currentStep: number): void {
    this.#goTo(withHead(this.#state, { currentStep }));
  }

  /**
   * Takes everything back that was changed since, as long as none of it is committed.
   *
   * - Points may be undone to in any order: going back to one makes those after it void.
   */
  undoTo(point: JournalPoint): void {
    if (point.isVoid) return;
    for (let later = point.next; later !== undefined; later = later.next) later.isVoid = true;
    this.#point = point;
    this.#queue.takenBack(point.order);
  }

  /**
   * Makes the checkpoint of a node that has completed, with all unsaved changes and its own. Changes nothing.
   *
   * @throws {WorkflowError} STATE_NOT_SERIALIZABLE, PAYLOAD_TOO_LARGE
   */
  compose(entry: NodeEntry, options: ComposeOptions = {}): ComposedCheckpoint {
    const { isStep = false, change = {}, on = this.#state, present, cleared, given } = options;
    const { nodeId, visit, handles } = entry;
    const changed = this.#cleared(this.#changed(on, change), cleared);
    const parts: RecordParts = given === undefined ? { handles } : { handles, given };
    const next = afterNode(changed.progress, entry, parts);
    const held = () => snapshotOf(next, present?.());
    const written = nodePayload(this.#surroundings, changed, { held, before: on.progress, entry, parts });
    const { kind, payload, progress = next } = written;
    const currentStep = isStep ? changed.currentStep + 1 : changed.currentStep;
    // A snapshot names each node once, however often it has run.
    const growth = visit === 1 ? nodeId.length + 3 : 0;
    const after = afterRecord(changed, { kind, payload, progress, growth, currentStep });
    return { kind, payload, entry, before: on, after };
  }

  /**
   * Returns the state as it is, and as it would be with changes, for checkpoints that are composed elsewhere. Changes nothing.
   *
   * @throws {WorkflowError} STATE_NOT_SERIALIZABLE
   */
  tried(
    changes: Record<string, unknown>,
    cleared: ComposeOptions["cleared"],
  ): { surroundings: Surroundings; state: DraftState; changed: DraftState } {
    const state = this.#state;
    const changed = this.#cleared(this.#changed(state, { changes }), cleared);
    return { surroundings: this.#surroundings, state, changed };
  }

  /**
   * Commits checkpoints of nodes that have completed, up to 100 at once, in the order in which they build on each other.
   *
   * - The state changes at once; the promise resolves when the store has made the commit.
   */
  commitComposed(composed: readonly ComposedCheckpoint[], head: HeadChange = {}): Promise<void> {
    let state = this.#state;
    const checkpoints = composed.map(({ kind, payload, entry, before, after, stepNumber = after.currentStep }) => {
      if (before !== state) throw new Error("The state has changed since the checkpoint was made.");
      state = after;
      return this.#checkpoint(kind, payload, entry, stepNumber);
    });
    return this.#enqueue(state, checkpoints, head);
  }

  /**
   * Writes the checkpoint of a node that has completed, with all unsaved changes.
   *
   * - If it is refused, everything is as before.
   */
  commitNode(entry: NodeEntry, head: HeadChange = {}): Promise<void> {
    return this.#orUndo(() => this.commitComposed([this.compose(entry)], head));
  }

  /**
   * Writes a record that is no checkpoint of a completed node, after which the progress is this one. If it is refused, all
   * is as before.
   */
  write(kind: "error" | "save", entry: NodeEntry, written: Written): Promise<void> {
    return this.#orUndo(() => this.#write(kind, entry, written));
  }

  /** Writes unsaved changes and the head, without a checkpoint that users see. If it is refused, all is as before. */
  save(head: HeadChange = {}, parts: RecordParts = {}): Promise<void> {
    return this.#orUndo(() => {
      if (this.#state.unsaved.length === 0 && Object.keys(parts).length === 0) {
        return this.#enqueue(this.#state, [], head);
      }
      const progress = afterSave(this.progress, parts);
      return this.#write("save", NO_NODE, { progress, parts, head });
    });
  }

  /** Renews the lease. */
  renewLease(): Promise<void> {
    return this.#queue.renew(this.#surroundings.leaseMs);
  }

  /** Gives the lease up. The execution stays running, and the next claim finds it as if its owner had died. */
  releaseLease(): Promise<void> {
    return this.#queue.renew(0);
  }

  /** Ends the patience with a store that is away: nobody waits for it any more. */
  end(): void {
    this.#queue.end();
  }

  get #state(): DraftState {
    return this.#point.state;
  }

  #goTo(state: DraftState): void {
    const point = new JournalPoint(state, ++this.#newestOrder);
    this.#point.next = point;
    this.#point = point;
  }

  async #orUndo(write: () => Promise<void>): Promise<void> {
    const before = this.#point;
    try {
      await write();
    } catch (error) {
      if (this.broken === undefined) this.undoTo(before);
      throw error;
    }
  }

  #cleared(state: DraftState, cleared: ComposeOptions["cleared"]): DraftState {
    const context = cleared?.(state.context);
    return context === undefined ? state : this.#changed(state, { context });
  }

  #changed(state: DraftState, change: ContextChange): DraftState {
    const found = contextDifference(this.#surroundings.codec, state.context, change);
    return found === undefined ? state : withContext(state, found);
  }

  #write(kind: "error" | "save", entry: NodeEntry, { progress, parts, head }: Written): Promise<void> {
    const state = this.#state;
    const payload = changesPayload(this.#surroundings.codec, state.unsaved, parts);
    refuseTooLarge(this.#surroundings.store, payload);
    const after = afterRecord(state, { kind, payload, progress });
    const stepNumber = kind === "error" ? state.currentStep + 1 : state.currentStep;
    return this.#enqueue(after, [this.#checkpoint(kind, payload, entry, stepNumber)], head);
  }

  #checkpoint(kind: CheckpointKind, payload: string, entry: NodeEntry, stepNumber: number): UnsealedCheckpoint {
    const { nodeId, nodeName, visit, attempt, durationMs, error } = entry;
    const timestamp = entry.timestamp ?? this.#surroundings.clock.now();
    const checkpoint = { kind, nodeId, nodeName, visit, stepNumber, attempt, durationMs, payload, timestamp };
    return error === undefined ? checkpoint : { ...checkpoint, error };
  }

  /** Queues a commit, after which the state is this one. Without a checkpoint of its own it may get an empty one. */
  #enqueue(state: DraftState, checkpoints: readonly UnsealedCheckpoint[], head: HeadChange): Promise<void> {
    const update = updateOf(state, head);
    const after = withHead(state.outdated === undefined ? state : { ...state, outdated: undefined }, update);
    this.#goTo(after);
    const { currentStep, totalSteps, status } = after;
    const commit: QueuedCommit = {
      head: { ...update, currentStep, totalSteps },
      checkpoints,
      onRecord: this.#onRecord,
    };
    if (checkpoints.length === 0) {
      const payload = changesPayload(this.#surroundings.codec, []);
      commit.ifNeeded = this.#checkpoint("save", payload, NO_NODE, currentStep);
    }
    if (status === "running") commit.leaseMs = this.#surroundings.leaseMs;
    return this.#queue.add(commit, this.#point.order);
  }
}

/** What a record that is no checkpoint of a completed node is written from. */
interface Written {
  progress: Progress;
  parts: RecordParts;
  head: HeadChange;
}
