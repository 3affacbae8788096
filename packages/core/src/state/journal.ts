import type { Clock } from "../clock.ts";
import { randomUUID } from "../crypto.ts";
import { payloadTooLarge } from "../store/arguments.ts";
import type {
  CheckpointKind,
  CheckpointRecord,
  CheckpointStore,
  CommitRequest,
  ExecutionRecord,
  FailureRecord,
  HeadUpdate,
  NewCheckpoint,
  WorkflowStatus,
} from "../store/checkpoint-store.ts";
import { type Codec, isTagged } from "./codec.ts";
import { difference, patchDifference } from "./delta.ts";
import { type ChangesExtra, changesPayload, type RanNode, snapshotPayload } from "./payload.ts";
import type { RestoredState, ResumedNode } from "./restore.ts";
import { callStore } from "./store-call.ts";

/** What a journal needs to know of its surroundings. */
export interface JournalOptions {
  store: CheckpointStore;
  codec: Codec;
  clock: Clock;
  leaseMs: number;
}

/** What is written of a node. */
export interface NodeEntry {
  nodeId: string;
  nodeName: string;
  attempt: number;
  durationMs: number;
  /** The outputs that the node took, where it chose. */
  handles?: readonly string[] | undefined;
  error?: FailureRecord;
  /** Milliseconds since the epoch. Default: now. */
  timestamp?: number;
}

/** What goes with a commit beside the node. */
export interface CommitExtra {
  status?: WorkflowStatus;
  totalSteps?: number;
  wakeAt?: number | null;
  failure?: FailureRecord | null;
  definitionHash?: string;
}

/** What a save can hold beside changes of the context. */
export interface SavedParts {
  /** An attempt that has begun. */
  begun?: { nodeId: string; attempt: number };
  /** The nodes that count as run from now on. */
  ran?: RanNode[];
  resumed?: ResumedNode;
}

/** The text a record costs beside its payload, in characters: what snapshots save a reader by there being fewer. */
const RECORD_OVERHEAD = 50;
/** States smaller than this are not worth a snapshot of their own, in characters. */
const SMALL_STATE = 1_024;

/**
 * One owner's pen on an execution: it holds the state, knows what of it is unsaved, and writes it in order.
 *
 * - Commits are queued: each builds on the version that the one before it makes.
 * - Once a commit has failed for good, every later one fails the same way.
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
  ran: RanNode[];
  /** Attempts that have begun of nodes that have not completed. */
  readonly attempts: Map<string, number>;
  /** What a suspended node was resumed with, until it has completed. */
  resumed: ResumedNode | undefined;
  /** When the lease was last renewed, by the engine's clock; milliseconds since the epoch. */
  leaseRenewedMs: number;
  /** Told of every record once it is committed. */
  onRecord: ((record: CheckpointRecord) => void) | undefined;

  /** False where the context surely holds no instance (Map, Date, bytes…): nothing in its text is tagged. */
  holdsInstances: boolean;

  readonly #options: JournalOptions;
  #context: Record<string, unknown>;
  #version: number;
  #seq: number;
  #operations: string[] = [];
  /** Sizes in characters: of the state's text, of the newest snapshot, and of what was written since. */
  #stateSize: number;
  #snapshotSize: number;
  #changesSize: number;
  #tail: Promise<void> = Promise.resolve();
  #broken: unknown;

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
    this.leaseRenewedMs = options.clock.now();
    this.#context = restored.context;
    this.#version = record.version;
    this.#seq = record.seq;
    this.#stateSize = restored.stateSize;
    this.#snapshotSize = restored.snapshotSize;
    this.#changesSize = restored.changesSize;
  }

  /** The state as the codec decodes it. Not to be handed out as it is: see ContextValues. */
  get context(): Record<string, unknown> {
    return this.#context;
  }

  get unsaved(): boolean {
    return this.#operations.length > 0;
  }

  /** Takes over a whole context. @throws {WorkflowError} STATE_NOT_SERIALIZABLE; nothing has changed then */
  replaceContext(next: Record<string, unknown>): void {
    this.#take(difference(this.#options.codec, this.#context, next));
  }

  /** Takes over top-level keys. @throws {WorkflowError} STATE_NOT_SERIALIZABLE; nothing has changed then */
  patchContext(changes: Record<string, unknown>): void {
    this.#take(patchDifference(this.#options.codec, this.#context, changes));
  }

  /** Gives what undoes every change of context and step until it is called; only before they are committed. */
  mark(): () => void {
    const context = this.#context;
    const operations = this.#operations;
    const stateSize = this.#stateSize;
    const { currentStep } = this;
    return () => {
      this.#context = context;
      this.#operations = operations;
      this.#stateSize = stateSize;
      this.currentStep = currentStep;
    };
  }

  /**
   * Writes the checkpoint of a node that has completed, with all unsaved changes.
   *
   * - Resolves once it is committed. Throws at once, with nothing changed, where it is too large for the store.
   */
  commitNode(entry: NodeEntry, extra: CommitExtra = {}): Promise<void> {
    const ran: RanNode =
      entry.handles === undefined ? { nodeId: entry.nodeId } : { nodeId: entry.nodeId, handles: entry.handles };
    const begun = this.attempts.get(entry.nodeId);
    this.ran.push(ran);
    this.attempts.delete(entry.nodeId);
    if (this.resumed?.nodeId === entry.nodeId) this.resumed = undefined;
    try {
      const { kind, payload } = this.#nodePayload(entry.handles);
      this.#stateSize += entry.nodeId.length + 3;
      return this.#write(kind, payload, entry, extra);
    } catch (error) {
      this.ran.pop();
      if (begun !== undefined) this.attempts.set(entry.nodeId, begun);
      throw error;
    }
  }

  /** Writes the error checkpoint of a node that has failed. The context stays as it was before the node. */
  commitError(entry: NodeEntry & { error: FailureRecord }, extra: CommitExtra = {}): Promise<void> {
    this.attempts.set(entry.nodeId, entry.attempt);
    return this.#write("error", changesPayload(this.#operations), entry, extra);
  }

  /** Writes unsaved changes and the head, without a checkpoint that users see. */
  save(extra: CommitExtra = {}, parts: SavedParts = {}): Promise<void> {
    const { begun, ran, resumed } = parts;
    if (begun !== undefined) this.attempts.set(begun.nodeId, begun.attempt);
    if (ran !== undefined) this.ran = ran;
    if (resumed !== undefined) this.resumed = resumed;
    if (!this.unsaved && Object.keys(parts).length === 0) return this.#enqueue(undefined, extra);
    const payloadParts: ChangesExtra = {
      ...(begun === undefined ? {} : { begun }),
      ...(ran === undefined ? {} : { ran }),
      ...(resumed === undefined
        ? {}
        : { resumed: { nodeId: resumed.nodeId, dataText: this.#options.codec.encode(resumed.data, ["data"]) } }),
    };
    return this.#write("save", changesPayload(this.#operations, payloadParts), NO_NODE, extra);
  }

  /** Renews the lease. */
  renewLease(): Promise<void> {
    return this.#enqueue(undefined, {});
  }

  /** Resolves once everything queued is committed; rejects with what stopped it. */
  async settled(): Promise<void> {
    await this.#tail;
    if (this.#broken !== undefined) throw this.#broken;
  }

  #take({ value, operations, growth }: ReturnType<typeof difference>): void {
    this.#context = value as Record<string, unknown>;
    this.#stateSize += growth;
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
    const toRead = this.#snapshotSize + this.#changesSize + payload.length + RECORD_OVERHEAD;
    if (toRead > 2 * this.#stateSize + SMALL_STATE) {
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

  #write(kind: CheckpointKind, payload: string, entry: NodeEntry, extra: CommitExtra): Promise<void> {
    if (this.#exceedsStore(payload)) {
      const { maxPayloadBytes } = this.#options.store.capabilities;
      throw payloadTooLarge("The change", Buffer.byteLength(payload), maxPayloadBytes);
    }
    if (kind === "snapshot") {
      this.#snapshotSize = this.#stateSize = payload.length;
      this.#changesSize = 0;
    } else {
      this.#changesSize += payload.length + RECORD_OVERHEAD;
    }
    this.#operations = [];
    if (kind !== "save") this.checkpointsCount++;
    const checkpoint: NewCheckpoint = {
      id: randomUUID(),
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
    const seq = ++this.#seq;
    const committed = this.#enqueue(checkpoint, extra);
    const { onRecord } = this;
    return onRecord === undefined ? committed : committed.then(() => onRecord({ ...checkpoint, seq }));
  }

  #enqueue(checkpoint: NewCheckpoint | undefined, extra: CommitExtra): Promise<void> {
    if (extra.status !== undefined) this.status = extra.status;
    if (extra.totalSteps !== undefined) this.totalSteps = extra.totalSteps;
    if (extra.definitionHash !== undefined) this.definitionHash = extra.definitionHash;
    if (extra.failure !== undefined) this.failure = extra.failure ?? undefined;
    const head: HeadUpdate = { ...extra, currentStep: this.currentStep, totalSteps: this.totalSteps };
    const request: CommitRequest = {
      commitId: checkpoint?.id ?? randomUUID(),
      token: this.record.token,
      version: this.#version++,
      head,
    };
    if (checkpoint !== undefined) request.checkpoint = checkpoint;
    if (this.status === "running") {
      request.leaseMs = this.#options.leaseMs;
      this.leaseRenewedMs = this.#options.clock.now();
    }
    const committed = this.#tail.then(() => this.#commit(request));
    this.#tail = committed.catch(() => undefined);
    return committed;
  }

  async #commit(request: CommitRequest): Promise<void> {
    if (this.#broken !== undefined) throw this.#broken;
    try {
      const { store, clock } = this.#options;
      await callStore(clock, () => store.commit(this.executionId, request));
    } catch (error) {
      this.#broken = error;
      throw error;
    }
  }
}

const NO_NODE: NodeEntry = { nodeId: "", nodeName: "", attempt: 1, durationMs: 0 };
