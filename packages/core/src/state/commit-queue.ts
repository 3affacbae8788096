import { randomUUID } from "../crypto.ts";
import { isWorkflowError } from "../errors.ts";
import type {
  CheckpointRecord,
  CheckpointStore,
  CommitRequest,
  ExecutionRecord,
  HeadUpdate,
  NewCheckpoint,
} from "../store/checkpoint-store.ts";
import type { HistoryKeeper } from "./history-keeper.ts";
import { Seal, type UnsealedCheckpoint } from "./record-seal.ts";
import { callStore, type Patience, type WaitLimits } from "./retry-store.ts";

/** A commit without what the queue knows. */
export interface QueuedCommit extends Pick<CommitRequest, "leaseMs"> {
  head?: HeadUpdate;
  /** Up to 100, in the order in which they are numbered. */
  checkpoints?: readonly UnsealedCheckpoint[];
  /** Written if there is no other checkpoint, and the head cannot change without one. */
  ifNeeded?: UnsealedCheckpoint;
  /** Called with each record once it is committed, and with the milliseconds that the store took for its commit. */
  onRecord?: ((record: CheckpointRecord, durationMs: number) => void) | undefined;
}

interface Queued {
  /** A renewal of the lease, with nothing to write. */
  isRenewal: boolean;
  order: number;
  generation: number;
  /** By `clock.elapsed()`. */
  addedMs: number;
  /** When the store could first not be reached, by `clock.elapsed()`. */
  failedMs?: number;
}

const NO_CHANGE: HeadUpdate = {};

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
 * - A commit that the store refuses for what it holds changes nothing. Those that build on it are refused with it: all
 *   that were queued behind it, and all that come before its changes are taken back. Nothing builds on a renewal.
 * - Any other failure is final: `broken` holds it, and every later commit fails the same way.
 * - While nothing but a renewal waits, a store that is away is tried for as long as the run lasts, also beyond a spent
 *   budget: the lease may still be ours when the store is back, and the node in flight can be committed. A commit is tried
 *   for `storeRetryMs`, and ends with the run's limits.
 */
export class CommitQueue {
  readonly #executionId: string;
  readonly #token: number;
  readonly #store: CheckpointStore;
  readonly #patience: Patience;
  readonly #waiting: Queued[] = [];
  /** Present if the history has a limit: loads what keeps to it, for the first commit. */
  readonly #loadKeeper: (() => Promise<HistoryKeeper>) | undefined;
  #keeper: HistoryKeeper | undefined;
  #version: number;
  #seal: Seal;
  /** The commit that was queued last. */
  #newest: Promise<void> = Promise.resolve();
  #broken: { error: unknown } | undefined;
  /** Rises when a commit is refused: what was queued before that is refused too. */
  #generation = 0;
  #refusedWith: unknown;
  /** Of a commit that was refused and whose changes have not been taken back. */
  #refusedOrder: number | undefined;
  #isEnded = false;
  /** Of the renewal under way, if no commit waits behind it. */
  #lonelyRenewal: { watch: () => void; cutOff: () => void } | undefined;
  #renewedMs: number;

  constructor(
    store: CheckpointStore,
    patience: Patience,
    { head, keeper }: { head: ExecutionRecord; keeper?: (() => Promise<HistoryKeeper>) | undefined },
  ) {
    this.#loadKeeper = keeper;
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

  /** The number of the newest record that is committed. */
  get newestSeq(): number {
    return this.#seal.nextSeq - 1;
  }

  /** A lower bound of when the lease was last renewed, by `clock.elapsed()`. */
  get renewedMs(): number {
    return this.#renewedMs;
  }

  /**
   * Queues a commit; resolves once the store has made it.
   *
   * - `order`: how late the state was made that it leads to. See {@link takenBack}.
   */
  add(commit: QueuedCommit, order: number): Promise<void> {
    if (this.#refusedOrder !== undefined) return Promise.reject(this.#refusedWith);
    const queued = this.#queue(false, order);
    this.#lonelyRenewal?.watch();
    return this.#sendNext(commit, queued);
  }

  /** Queues a renewal of the lease; resolves once the store has made it. */
  renew(leaseMs: number): Promise<void> {
    return this.#sendNext({ leaseMs }, this.#queue(true, Number.POSITIVE_INFINITY));
  }

  /** Notes that all changes after a state were taken back. Commits continue, if those of a refused one are among them. */
  takenBack(order: number): void {
    if (this.#refusedOrder !== undefined && order < this.#refusedOrder) this.#refusedOrder = undefined;
  }

  /** Ends the patience with a store that is away: the run is over. */
  end(): void {
    this.#isEnded = true;
    this.#lonelyRenewal?.cutOff();
  }

  #queue(isRenewal: boolean, order: number): Queued {
    const queued = { isRenewal, order, generation: this.#generation, addedMs: this.#patience.clock.elapsed() };
    this.#waiting.push(queued);
    return queued;
  }

  #sendNext(commit: QueuedCommit, queued: Queued): Promise<void> {
    // At once if nothing is under way: that saves a turn for each node.
    const isFirst = this.#waiting.length === 1;
    if (isFirst) this.#newest = this.#send(commit, queued, queued.addedMs);
    else {
      const send = (): Promise<void> => this.#send(commit, queued);
      this.#newest = this.#newest.then(send, send);
    }
    return this.#newest;
  }

  async #send(commit: QueuedCommit, queued: Queued, startedMs = this.#patience.clock.elapsed()): Promise<void> {
    try {
      if (this.#broken !== undefined) throw this.#broken.error;
      if (!queued.isRenewal && queued.generation !== this.#generation) throw this.#refusedWith;
      if (this.#loadKeeper !== undefined) this.#keeper ??= await this.#loadKeeper();
      if (this.#keeper?.mustLookBack === true && !queued.isRenewal) {
        await this.#keeper.lookBack(this.#store, this.#patience);
      }
      const { request, firstSeq, seal, kept } = this.#request(commit);
      // Without limits, the first try is made here: that saves a promise for each node.
      if (this.#patience.limits !== undefined) await this.#try(request, queued);
      else {
        try {
          await this.#store.commit(this.#executionId, request);
        } catch (error) {
          await this.#try(request, queued, { error });
        }
      }
      this.#version++;
      if (commit.leaseMs !== undefined) this.#renewedMs = startedMs;
      this.#seal = seal;
      if (kept !== undefined) this.#keeper?.committed(kept);
      const { onRecord } = commit;
      if (onRecord === undefined) return;
      const durationMs = this.#patience.clock.elapsed() - startedMs;
      for (const [index, checkpoint] of (request.checkpoints ?? []).entries()) {
        onRecord({ ...checkpoint, seq: firstSeq + index }, durationMs);
      }
    } catch (error) {
      this.#fail(error, queued);
      throw error;
    } finally {
      this.#waiting.shift();
    }
  }

  #try(request: CommitRequest, queued: Queued, failed?: { error: unknown }): Promise<void> {
    return callStore(
      queued.isRenewal ? this.#renewalPatience() : this.#patience,
      () => this.#store.commit(this.#executionId, request),
      { giveUpAtMs: () => this.#giveUpAtMs(queued), failed },
    );
  }

  #request({ head = NO_CHANGE, checkpoints = [], ifNeeded, leaseMs }: QueuedCommit) {
    let seal = this.#seal;
    const firstSeq = seal.nextSeq;
    const written =
      checkpoints.length === 0 && ifNeeded !== undefined && seal.needsRecord(head) ? [ifNeeded] : checkpoints;
    const sealed: NewCheckpoint[] = [];
    for (const checkpoint of written) {
      const next = seal.next(checkpoint, head);
      seal = next.seal;
      sealed.push({ ...checkpoint, id: next.id });
    }
    const commitId = sealed.at(-1)?.id ?? randomUUID();
    const request: CommitRequest = { commitId, token: this.#token, version: this.#version };
    if (sealed.length > 0) request.checkpoints = sealed;
    if (head !== NO_CHANGE) request.head = head;
    if (leaseMs !== undefined) request.leaseMs = leaseMs;
    const planned = this.#keeper?.plan(sealed.map(({ kind }) => kind));
    if (planned?.dropBefore !== undefined) request.dropBefore = planned.dropBefore;
    return { request, firstSeq, seal, kept: planned?.after };
  }

  #fail(error: unknown, { isRenewal, generation, order }: Queued): void {
    if (this.#broken !== undefined) return;
    if (!isWorkflowError(error) || FINAL.has(error.code)) {
      this.#broken = { error };
    } else if (!isRenewal && generation === this.#generation) {
      this.#generation++;
      this.#refusedWith = error;
      this.#refusedOrder = order;
    }
  }

  /** The run's limits end a renewal only once a commit waits behind it: alone, it holds nothing up. */
  #renewalPatience(): Patience {
    const { limits } = this.#patience;
    if (limits === undefined) return this.#patience;
    const onCutOff: WaitLimits["onCutOff"] = (cutOff) => {
      let unwatch = (): void => undefined;
      const watch = (): void => {
        this.#lonelyRenewal = undefined;
        unwatch = limits.onCutOff(cutOff);
      };
      if (this.#waiting.some((each) => !each.isRenewal)) watch();
      else this.#lonelyRenewal = { watch, cutOff };
      return () => {
        this.#lonelyRenewal = undefined;
        unwatch();
      };
    };
    return { ...this.#patience, limits: { onCutOff } };
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
