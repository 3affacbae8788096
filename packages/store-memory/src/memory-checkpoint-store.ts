import {
  alreadyExists,
  type CheckpointRecord,
  type CheckpointStore,
  type ClaimRequest,
  type Clock,
  type CommitRequest,
  checkClaim,
  checkCommit,
  checkDefinition,
  checkDeleteExecutions,
  checkId,
  checkListExecutions,
  checkNames,
  checkNewExecution,
  checkReadCheckpoints,
  claimedHead,
  claimRefusal,
  commitRefusal,
  committedHead,
  createdHead,
  type ExecutionRecord,
  type ExecutionRef,
  encodeCursor,
  type FailureRecord,
  type ListExecutionsOptions,
  MAX_TIME_MS,
  type NewCheckpoint,
  type NewExecution,
  notFound,
  type Page,
  type ReadCheckpointsOptions,
  type StoreCapabilities,
  WorkflowError,
} from "@waymark/core";
import { ExecutionIndex } from "./execution-index.ts";

/** Options of {@link MemoryCheckpointStore}. */
export interface MemoryCheckpointStoreOptions {
  /**
   * The store's clock: leases, `createdAt` and all other times follow it. Default: the system's.
   *
   * - The default does not follow fake timers. Pass `{ now: () => Date.now() }` if it should.
   * - Fractions of a millisecond are cut off. A reading that is no time (`NaN`, a negative number) counts as the last
   *   one that was.
   */
  clock?: Pick<Clock, "now">;
  /** The largest payload, in bytes of UTF-8. Default: 64 MiB. */
  maxPayloadBytes?: number;
}

const OPTION_NAMES: ReadonlySet<string> = new Set(
  Object.keys({ clock: true, maxPayloadBytes: true } satisfies Record<keyof MemoryCheckpointStoreOptions, true>),
);

interface Entry {
  head: ExecutionRecord;
  /** The records from `head.firstSeq` on. */
  records: CheckpointRecord[];
  initialCheckpointId: string;
  lastClaimId?: string;
  lastCommitId?: string;
}

interface Data {
  executions: Map<string, Entry>;
  index: ExecutionIndex<Entry>;
  definitions: Map<string, string>;
  /** One counter for all executions: so a token is not used again when an id is deleted and made anew. */
  lastToken: number;
  /** The clock's last reading that was a time. */
  lastTimeMs: number;
}

// Taken once: what a test or a caller does to `Date` later must not move anybody's lease.
const SYSTEM_CLOCK: Pick<Clock, "now"> = { now: Date.now };

/**
 * Keeps executions in the memory of this process, with the semantics of a database.
 *
 * - Nothing outlives the process; use it for tests and for workflows that may be lost.
 * - Every call does its work before it returns its promise: no two calls interleave.
 *
 * @example
 * ```ts
 * const engine = createWorkflowEngine({ store: new MemoryCheckpointStore(), workflows, executors });
 * ```
 */
export class MemoryCheckpointStore implements CheckpointStore {
  static readonly capabilities: StoreCapabilities = Object.freeze({
    durable: false,
    multiProcess: false,
    maxPayloadBytes: 64 * 1024 * 1024,
  });

  readonly capabilities: StoreCapabilities;
  readonly #options: MemoryCheckpointStoreOptions;
  readonly #clock: Pick<Clock, "now">;
  #data: Data = {
    executions: new Map(),
    index: new ExecutionIndex(),
    definitions: new Map(),
    lastToken: 0,
    lastTimeMs: 0,
  };
  #isClosed = false;

  /** @throws {WorkflowError} INVALID_ARGUMENT for an option that is unknown or wrong */
  constructor(options: MemoryCheckpointStoreOptions = {}) {
    checkOptions(options);
    const { clock = SYSTEM_CLOCK, maxPayloadBytes = MemoryCheckpointStore.capabilities.maxPayloadBytes } = options;
    this.capabilities = Object.freeze({ ...MemoryCheckpointStore.capabilities, maxPayloadBytes });
    this.#options = { clock, maxPayloadBytes };
    this.#clock = clock;
  }

  /**
   * Opens a second handle on the same data, as another process would have on a database.
   *
   * - For tests of crashes and of competing owners. Closing one handle leaves the other open.
   */
  reopen(): MemoryCheckpointStore {
    const handle = new MemoryCheckpointStore(this.#options);
    handle.#data = this.#data;
    return handle;
  }

  async createExecution(execution: NewExecution): Promise<ExecutionRecord> {
    this.#assertOpen();
    checkNewExecution(execution, this.capabilities.maxPayloadBytes);
    const { executions, index } = this.#data;
    const existing = executions.get(execution.id);
    if (existing !== undefined) {
      if (existing.initialCheckpointId === execution.checkpoint.id) return copyHead(existing.head);
      throw alreadyExists(execution.id);
    }
    const head = copyHead(createdHead(execution, ++this.#data.lastToken, this.#now()));
    const records = [recordOf(execution.checkpoint, 0)];
    const entry: Entry = { head, records, initialCheckpointId: execution.checkpoint.id };
    executions.set(execution.id, entry);
    index.add(entry);
    return copyHead(head);
  }

  async getExecution(id: string): Promise<ExecutionRecord | undefined> {
    this.#assertOpen();
    checkId(id, "id");
    const entry = this.#data.executions.get(id);
    return entry === undefined ? undefined : copyHead(entry.head);
  }

  async claimExecution(id: string, request: ClaimRequest): Promise<ExecutionRecord> {
    this.#assertOpen();
    checkClaim(id, request);
    const entry = this.#data.executions.get(id);
    if (entry !== undefined && entry.lastClaimId === request.claimId) return copyHead(entry.head);
    const now = this.#now();
    const refusal = claimRefusal(id, entry?.head, request, now);
    if (entry === undefined || refusal !== undefined) throw refusal ?? notFound(id);
    entry.head = claimedHead(entry.head, request, ++this.#data.lastToken, now);
    entry.lastClaimId = request.claimId;
    return copyHead(entry.head);
  }

  async commit(id: string, request: CommitRequest): Promise<void> {
    this.#assertOpen();
    checkCommit(id, request, this.capabilities.maxPayloadBytes);
    const entry = this.#data.executions.get(id);
    if (entry !== undefined && entry.lastCommitId === request.commitId) return;
    const refusal = commitRefusal(id, entry?.head, request);
    if (entry === undefined || refusal !== undefined) throw refusal ?? notFound(id);
    const { checkpoint, dropBefore } = request;
    const { firstSeq, seq } = entry.head;
    const record = checkpoint === undefined ? undefined : recordOf(checkpoint, seq + 1);
    if (dropBefore !== undefined) assertSnapshot(id, dropBefore, record ?? entry.records.at(-1), entry);
    const head = committedHead(entry.head, request, this.#now());
    if (head.failure !== undefined) head.failure = copyFailure(head.failure);
    if (record !== undefined) entry.records.push(record);
    if (head.firstSeq > firstSeq) entry.records.splice(0, head.firstSeq - firstSeq);
    entry.head = head;
    entry.lastCommitId = request.commitId;
  }

  async readCheckpoints(id: string, options: ReadCheckpointsOptions = {}): Promise<CheckpointRecord[]> {
    this.#assertOpen();
    checkReadCheckpoints(id, options);
    const entry = this.#data.executions.get(id);
    if (entry === undefined) throw notFound(id);
    const { firstSeq } = entry.head;
    const { from = 0, to = entry.head.seq, limit = Number.POSITIVE_INFINITY, order = "asc" } = options;
    const start = Math.max(0, from - firstSeq);
    const end = Math.max(start, Math.min(entry.records.length, to - firstSeq + 1));
    return order === "asc"
      ? entry.records.slice(start, Math.min(end, start + limit)).map(copyRecord)
      : entry.records
          .slice(Math.max(start, end - limit), end)
          .reverse()
          .map(copyRecord);
  }

  async listExecutions(options: ListExecutionsOptions = {}): Promise<Page<ExecutionRecord>> {
    this.#assertOpen();
    const query = checkListExecutions(options);
    const { entries, more } = this.#data.index.page(query, this.#now());
    const items = entries.map((entry) => copyHead(entry.head));
    const last = items.at(-1);
    return more && last !== undefined ? { items, nextCursor: encodeCursor(last) } : { items };
  }

  async saveDefinition(hash: string, json: string): Promise<void> {
    this.#assertOpen();
    checkDefinition(hash, json, this.capabilities.maxPayloadBytes);
    if (!this.#data.definitions.has(hash)) this.#data.definitions.set(hash, json);
  }

  async getDefinition(hash: string): Promise<string | undefined> {
    this.#assertOpen();
    checkId(hash, "hash");
    return this.#data.definitions.get(hash);
  }

  async deleteExecutions(refs: readonly ExecutionRef[]): Promise<number> {
    this.#assertOpen();
    checkDeleteExecutions(refs);
    const { executions, index } = this.#data;
    let deleted = 0;
    for (const { id, version, token } of refs) {
      const entry = executions.get(id);
      if (entry === undefined || (version ?? entry.head.version) !== entry.head.version) continue;
      if (token !== undefined && entry.head.token !== token) continue;
      executions.delete(id);
      index.remove(entry);
      deleted += 1;
    }
    return deleted;
  }

  /** Ends this handle: later calls reject with `STORE_CLOSED`. The data goes with the last handle. */
  async close(): Promise<void> {
    this.#isClosed = true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #now(): number {
    const reading: unknown = this.#clock.now();
    const ms = typeof reading === "number" ? Math.floor(reading) : Number.NaN;
    if (ms >= 0 && ms <= MAX_TIME_MS) this.#data.lastTimeMs = ms;
    return this.#data.lastTimeMs;
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new WorkflowError("STORE_CLOSED", "The store was closed.");
  }
}

function checkOptions(options: unknown): void {
  const refuse = (problem: string) => new WorkflowError("INVALID_ARGUMENT", `MemoryCheckpointStore: ${problem}.`);
  if (typeof options !== "object" || options === null) throw refuse("options must be an object");
  checkNames(options, OPTION_NAMES, "the options of MemoryCheckpointStore");
  const { clock, maxPayloadBytes } = options as { clock?: { now?: unknown } | null; maxPayloadBytes?: unknown };
  if (clock !== undefined && typeof clock?.now !== "function") throw refuse("clock must have a function now()");
  if (maxPayloadBytes === undefined) return;
  if (!Number.isSafeInteger(maxPayloadBytes) || (maxPayloadBytes as number) < 1) {
    throw refuse("maxPayloadBytes must be a whole number of bytes, 1 or more");
  }
}

function assertSnapshot(id: string, seq: number, newest: CheckpointRecord | undefined, entry: Entry): void {
  const record = newest?.seq === seq ? newest : entry.records[seq - entry.head.firstSeq];
  if (record?.kind === "snapshot") return;
  throw new WorkflowError("INVALID_ARGUMENT", `dropBefore must be the number of a snapshot, which ${seq} is not.`, {
    executionId: id,
    details: { argument: "dropBefore", dropBefore: seq },
  });
}

function copyHead(head: ExecutionRecord): ExecutionRecord {
  const copy = { ...head };
  if (head.failure !== undefined) copy.failure = copyFailure(head.failure);
  return copy;
}

function copyRecord(record: CheckpointRecord): CheckpointRecord {
  return recordOf(record, record.seq);
}

function recordOf(checkpoint: NewCheckpoint, seq: number): CheckpointRecord {
  const record: CheckpointRecord = {
    id: checkpoint.id,
    seq,
    kind: checkpoint.kind,
    nodeId: checkpoint.nodeId,
    nodeName: checkpoint.nodeName,
    stepNumber: checkpoint.stepNumber,
    attempt: checkpoint.attempt,
    durationMs: checkpoint.durationMs,
    payload: checkpoint.payload,
    timestamp: checkpoint.timestamp,
  };
  if (checkpoint.error !== undefined) record.error = copyFailure(checkpoint.error);
  return record;
}

function copyFailure(failure: FailureRecord): FailureRecord {
  return structuredClone(failure);
}
