import { randomUUID } from "../crypto.ts";
import { isWorkflowError } from "../errors.ts";
import type {
  CheckpointRecord,
  CheckpointStore,
  CommitRequest,
  ExecutionRecord,
  HeadUpdate,
} from "../store/checkpoint-store.ts";
import { Seal, type UnsealedCheckpoint } from "./record-seal.ts";
import { callStore, type Patience } from "./retry-store.ts";

/** A commit without what the queue knows. */
export interface QueuedCommit extends Pick<CommitRequest, "leaseMs"> {
  head?: HeadUpdate;
  checkpoint?: UnsealedCheckpoint;
  /** The checkpoint is only written if the head cannot change without one. */
  isOptional?: boolean;
  /** Told of the record once it is committed. */
  onRecord?: ((record: CheckpointRecord) => void) | undefined;
}

interface Queued {
  /** A renewal of the lease, with nothing to write. */
  isRenewal: boolean;
  /** By `clock.elapsed()`. */
  addedMs: number;
  /** When the store could first not be reached, by `clock.elapsed()`. */
  failedMs?: number;
}

/** Codes after which this owner can commit nothing more. */
const FINAL = new Set([
  "LEASE_LOST",
  "VERSION_CONFLICT",
  "INVALID_STATUS",
  "EXECUTION_NOT_FOUND",
  "STORE_UNAVAILABLE",
  "STORE_CLOSED",
]);

/**
 * Sends one owner's commits to the store, one after the other: each builds on the version that the one before it made.
 *
 * - A commit that the store refuses for what it holds changes nothing. Those that were queued behind it built on it, and
 *   are refused with it; later ones go on from the state before.
 * - Any other failure is final: `broken` holds it, and every later commit fails the same way.
 * - While nothing but a renewal waits, a store that is away is tried for as long as the run lasts: the lease may still
 *   be ours when the store is back. A commit is tried for `storeRetryMs`.
 */
export class CommitQueue {
  readonly #executionId: string;
  readonly #token: number;
  readonly #store: CheckpointStore;
  readonly #patience: Patience;
  readonly #waiting: Queued[] = [];
  #version: number;
  #seal: Seal;
  #tail: Promise<void> = Promise.resolve();
  #broken: { error: unknown } | undefined;
  /** Rises when a commit is refused: what was queued before that is refused too. */
  #generation = 0;
  #refusal: unknown;
  #isEnded = false;
  #renewedMs: number;

  constructor(store: CheckpointStore, patience: Patience, head: ExecutionRecord) {
    const { id, token, version } = head;
    this.#executionId = id;
    this.#token = token;
    this.#store = store;
    this.#patience = patience;
    this.#version = version;
    this.#seal = new Seal(id, head);
    this.#renewedMs = patience.clock.elapsed();
  }

  /** What ended the queue for good. */
  get broken(): { error: unknown } | undefined {
    return this.#broken;
  }

  /** A lower bound of when the lease was last renewed, by `clock.elapsed()`. */
  get renewedMs(): number {
    return this.#renewedMs;
  }

  /** Queues a commit; resolves once the store has made it. */
  add(commit: QueuedCommit, isRenewal = false): Promise<void> {
    const queued: Queued = { isRenewal, addedMs: this.#patience.clock.elapsed() };
    const generation = this.#generation;
    this.#waiting.push(queued);
    const committed = this.#tail.then(() => this.#send(commit, queued, generation));
    this.#tail = committed.catch(() => undefined);
    return committed;
  }

  /** Resolves once everything queued is committed; rejects with what ended the queue. */
  async settled(): Promise<void> {
    await this.#tail;
    if (this.#broken !== undefined) throw this.#broken.error;
  }

  /** Ends the patience with a store that is away: the run is over. */
  end(): void {
    this.#isEnded = true;
  }

  async #send(commit: QueuedCommit, queued: Queued, generation: number): Promise<void> {
    const { clock } = this.#patience;
    const startedMs = clock.elapsed();
    try {
      if (this.#broken !== undefined) throw this.#broken.error;
      if (generation !== this.#generation) throw this.#refusal;
      const { request, sealed } = this.#request(commit);
      await callStore(
        this.#patience,
        () => this.#store.commit(this.#executionId, request),
        () => this.#giveUpAtMs(queued),
      );
      this.#version++;
      if (commit.leaseMs !== undefined) this.#renewedMs = startedMs;
      if (sealed === undefined || request.checkpoint === undefined) return;
      this.#seal = sealed.seal;
      commit.onRecord?.({ ...request.checkpoint, seq: sealed.seq });
    } catch (error) {
      this.#fail(error, generation);
      throw error;
    } finally {
      this.#waiting.shift();
    }
  }

  #request({ head, checkpoint, leaseMs, isOptional = false }: QueuedCommit) {
    const request: CommitRequest = { commitId: "", token: this.#token, version: this.#version };
    if (head !== undefined) request.head = head;
    if (leaseMs !== undefined) request.leaseMs = leaseMs;
    const needsRecord = !isOptional || this.#seal.needsRecord(head ?? {});
    const sealed = checkpoint !== undefined && needsRecord ? this.#seal.next(checkpoint, head ?? {}) : undefined;
    request.commitId = sealed?.id ?? randomUUID();
    if (checkpoint !== undefined && sealed !== undefined) request.checkpoint = { ...checkpoint, id: sealed.id };
    return { request, sealed };
  }

  #fail(error: unknown, generation: number): void {
    if (this.#broken !== undefined || generation !== this.#generation) return;
    if (!isWorkflowError(error) || FINAL.has(error.code)) {
      this.#broken = { error };
    } else {
      this.#generation++;
      this.#refusal = error;
    }
  }

  #giveUpAtMs(queued: Queued): number {
    const { clock, storeRetryMs } = this.#patience;
    if (this.#isEnded) return Number.NEGATIVE_INFINITY;
    if (!queued.isRenewal) {
      queued.failedMs ??= clock.elapsed();
      return queued.failedMs + storeRetryMs;
    }
    const behind = this.#waiting.find((each) => !each.isRenewal);
    return behind === undefined ? Number.POSITIVE_INFINITY : behind.addedMs + storeRetryMs;
  }
}
