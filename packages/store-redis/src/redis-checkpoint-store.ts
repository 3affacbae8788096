import {
  alreadyExists,
  type CheckpointRecord,
  type CheckpointStore,
  type ClaimRequest,
  type CommitRequest,
  checkClaim,
  checkCommit,
  checkDefinition,
  checkDeleteExecutions,
  checkId,
  checkListExecutions,
  checkNewExecution,
  checkReadCheckpoints,
  claimRefusal,
  commitRefusal,
  type ExecutionRecord,
  type ExecutionRef,
  encodeCursor,
  isEnded,
  type ListExecutionsOptions,
  type NewExecution,
  notFound,
  type Page,
  type ReadCheckpointsOptions,
  type StoreCapabilities,
  WorkflowError,
  type WorkflowStatus,
} from "@waymark/core";
import { Connection } from "./connection.ts";
import { type CommitAnswer, encodeCommit } from "./encode-commit.ts";
import { ExecutionIndex } from "./execution-index.ts";
import { CLAIM, COMMIT, CREATE, DELETE, HEAD, RESERVE } from "./execution-scripts.ts";
import { decodeHead, encodeNewHead, encodeRecord, type Head } from "./heads.ts";
import { Keys } from "./keys.ts";
import { checkClient, openClient } from "./open-client.ts";
import {
  type ConnectOptions,
  checkConnectOptions,
  checkStoreOptions,
  DEFAULT_KEY_PREFIX,
  DEFAULT_MAX_PAYLOAD_BYTES,
  DEFAULT_TIMEOUT_MS,
  type RedisStoreOptions,
} from "./options.ts";
import { readRecords } from "./read-records.ts";
import type { RedisClient } from "./redis-client.ts";
import { keepsChanging, noSnapshot } from "./refusals.ts";
import { checkLayout, readServerSettings } from "./server-settings.ts";
import { checkVersion } from "./server-version.ts";

/** How often to begin again when an execution changes between the steps of a call. */
const MAX_TRIES = 20;
/** Executions that are deleted at once. */
const DELETE_CHUNK = 100;

/** Born, entry, status, workflow, user, parent or "", wake or "": what decides which index entries a deletion leaves. */
type Deleted = ["deleted", string, string, WorkflowStatus, string, string, string, string];

/**
 * Keeps executions in Redis or Valkey: one server, Sentinel or a cluster.
 *
 * - A commit is one script, and one round trip; three where it changes the status or sets the first `wakeAt`.
 * - Leases go by the server's clock.
 * - Durable as far as the server is: see the README for what `appendfsync` means.
 *
 * @example
 * ```ts
 * const store = await RedisCheckpointStore.connect({ url: process.env.REDIS_URL });
 * const engine = createWorkflowEngine({ store, workflows, executors });
 * ```
 */
export class RedisCheckpointStore implements CheckpointStore {
  /** On a server with `appendonly yes` and `appendfsync always`; otherwise `durable` is false. */
  static readonly capabilities: StoreCapabilities = Object.freeze({
    durable: true,
    multiProcess: true,
    maxPayloadBytes: DEFAULT_MAX_PAYLOAD_BYTES,
  });

  readonly #options: RedisStoreOptions;
  readonly #connection: Connection;
  readonly #keys: Keys;
  readonly #index: ExecutionIndex;
  readonly #endedTtlMs: string;
  #capabilities: StoreCapabilities;
  #isClosed = false;

  private constructor(client: RedisClient, owned: boolean, options: RedisStoreOptions) {
    const { keyPrefix = DEFAULT_KEY_PREFIX, timeoutMs = DEFAULT_TIMEOUT_MS, endedTtlMs } = options;
    const { durable = false, maxPayloadBytes = DEFAULT_MAX_PAYLOAD_BYTES } = options;
    this.#options = options;
    this.#connection = new Connection({ client, owned, timeoutMs });
    this.#keys = new Keys(keyPrefix);
    this.#index = new ExecutionIndex({ connection: this.#connection, keys: this.#keys });
    this.#endedTtlMs = endedTtlMs === undefined ? "" : String(endedTtlMs);
    this.#capabilities = Object.freeze({ durable, multiProcess: true, maxPayloadBytes });
  }

  /**
   * Opens a server or a cluster by its address. `close` ends the connections.
   *
   * - Asks the server how durable it is, and warns where it may drop executions.
   *
   * @throws {WorkflowError} INVALID_ARGUMENT, STORE_UNAVAILABLE, STATE_VERSION_UNSUPPORTED
   */
  static async connect(options: ConnectOptions): Promise<RedisCheckpointStore> {
    checkConnectOptions(options);
    const client = await openClient(options, options.timeoutMs ?? DEFAULT_TIMEOUT_MS);
    const store = new RedisCheckpointStore(client, true, options);
    try {
      await store.setup();
    } catch (error) {
      await store.close();
      throw error;
    }
    return store;
  }

  /**
   * Uses a `Redis` or `Cluster` that the application has opened. `close` leaves it open.
   *
   * - `capabilities.durable` is the option's word until {@link setup} has asked the server.
   *
   * @throws {WorkflowError} INVALID_ARGUMENT
   */
  static from(client: RedisClient, options: RedisStoreOptions = {}): RedisCheckpointStore {
    checkClient(client);
    checkStoreOptions(options);
    return new RedisCheckpointStore(client, false, options);
  }

  get capabilities(): StoreCapabilities {
    return this.#capabilities;
  }

  /**
   * Asks the server how durable it is, and warns where it may drop executions. `connect` has done it.
   *
   * @throws {WorkflowError} STORE_UNAVAILABLE, STORE_CLOSED, STATE_VERSION_UNSUPPORTED
   */
  async setup(): Promise<void> {
    await checkVersion(this.#connection);
    await checkLayout(this.#connection, this.#keys.layout);
    const settings = await readServerSettings(this.#connection, this.#endedTtlMs !== "");
    const durable = this.#options.durable ?? settings.durable ?? false;
    this.#capabilities = Object.freeze({ ...this.#capabilities, durable });
    const warn = this.#options.onWarning ?? ((message: string) => process.emitWarning(message));
    for (const warning of settings.warnings) warn(warning);
  }

  async createExecution(execution: NewExecution): Promise<ExecutionRecord> {
    this.#assertOpen();
    checkNewExecution(execution, this.#capabilities.maxPayloadBytes);
    const { id, checkpoint } = execution;
    const { head, records, tokens } = this.#keys.execution(id);
    const existing = (flat: string[]): ExecutionRecord => {
      const found = decodeHead(id, flat) as Head;
      if (found.initialId === checkpoint.id) return found.record;
      throw alreadyExists(id);
    };
    const ttl = isEnded(execution.status) ? this.#endedTtlMs : "";
    for (let tries = 1; tries <= MAX_TRIES; tries++) {
      const reserved = await this.#connection.run<["exists", string[]] | ["reserved", string, string]>(
        RESERVE,
        [head, tokens],
        [],
      );
      if (reserved[0] === "exists") return existing(reserved[1]);
      const [, token, createdAt] = reserved;
      const { record, fields } = encodeNewHead(execution, token, Number(createdAt));
      await this.#index.add(this.#index.keysOf(record), { id, stamp: token, createdAt: record.createdAt });
      const made = await this.#connection.run<["exists", string[]] | ["void"] | ["created"]>(
        CREATE,
        [head, records, tokens],
        [token, encodeRecord(checkpoint), ttl, ...fields],
      );
      if (made[0] === "created") return record;
      if (made[0] === "exists") return existing(made[1]);
    }
    throw keepsChanging(id);
  }

  async getExecution(id: string): Promise<ExecutionRecord | undefined> {
    this.#assertOpen();
    checkId(id, "id");
    return (await this.#head(id))?.record;
  }

  async claimExecution(id: string, request: ClaimRequest): Promise<ExecutionRecord> {
    this.#assertOpen();
    checkClaim(id, request);
    const { head, records, tokens } = this.#keys.execution(id);
    const { claimId, owner, leaseMs, from, force = false } = request;
    let prepared = "";
    for (let tries = 1; tries <= MAX_TRIES; tries++) {
      const answer = await this.#connection.run<
        | ["missing"]
        | ["refused", string[], string]
        | ["index", string, string]
        | ["claimed", string[], WorkflowStatus?, string?, string?]
      >(CLAIM, [head, records, tokens], [claimId, owner, String(leaseMs), force ? "1" : "", prepared, ...from]);
      if (answer[0] === "missing") throw notFound(id);
      if (answer[0] === "claimed") {
        const [, flat, status = "running", entry = "", wake = ""] = answer;
        const { record } = decodeHead(id, flat) as Head;
        const left = { ...(status !== "running" && { status }), entry, wake };
        this.#index.removeSoon(this.#index.entriesOf(id, left));
        return record;
      }
      if (answer[0] === "refused") {
        const refusal = claimRefusal(id, decodeHead(id, answer[1])?.record, request, Number(answer[2]));
        if (refusal !== undefined) throw refusal;
        continue;
      }
      prepared = answer[2];
      await this.#index.add([this.#keys.statusIndex("running")], { id, stamp: prepared, createdAt: Number(answer[1]) });
    }
    throw keepsChanging(id);
  }

  async commit(id: string, request: CommitRequest): Promise<void> {
    this.#assertOpen();
    checkCommit(id, request, this.#capabilities.maxPayloadBytes);
    const { head, records } = this.#keys.execution(id);
    const encoded = encodeCommit(request, this.#endedTtlMs);
    let prepared = "";
    for (let tries = 1; tries <= MAX_TRIES; tries++) {
      const answer = await this.#connection.run<CommitAnswer>(COMMIT, [head, records], encoded(prepared));
      if (answer[0] === "done") return;
      if (answer[0] === "changed") {
        const [, status, entry, wake] = answer;
        const left = { ...(status !== "" && { status }), entry, wake };
        return this.#index.removeSoon(this.#index.entriesOf(id, left));
      }
      if (answer[0] === "missing") throw notFound(id);
      if (answer[0] === "no-snapshot") throw noSnapshot(id, request.dropBefore);
      if (answer[0] === "refused") {
        const refusal = commitRefusal(id, decodeHead(id, answer[1])?.record, request);
        if (refusal !== undefined) throw refusal;
        continue;
      }
      prepared = answer[1];
      const keys: string[] = [];
      if (answer[2] !== "") keys.push(this.#keys.statusIndex(request.head?.status ?? "running"));
      if (answer[3] !== "") keys.push(this.#keys.wakeIndex);
      await this.#index.add(keys, { id, stamp: `${request.token}.${request.version}`, createdAt: Number(prepared) });
    }
    throw keepsChanging(id);
  }

  async readCheckpoints(id: string, options: ReadCheckpointsOptions = {}): Promise<CheckpointRecord[]> {
    this.#assertOpen();
    checkReadCheckpoints(id, options);
    const found = await readRecords(this.#connection, this.#keys.execution(id), options);
    if (found === "missing") throw notFound(id);
    if (found === "changing") throw keepsChanging(id);
    return found;
  }

  async listExecutions(options: ListExecutionsOptions = {}): Promise<Page<ExecutionRecord>> {
    this.#assertOpen();
    const query = checkListExecutions(options);
    const { records: items, more } = await this.#index.page(query);
    const last = items.at(-1);
    return more && last !== undefined ? { items, nextCursor: encodeCursor(last) } : { items };
  }

  async saveDefinition(hash: string, json: string): Promise<void> {
    this.#assertOpen();
    checkDefinition(hash, json, this.#capabilities.maxPayloadBytes);
    await this.#connection.send((client) => client.set(this.#keys.definition(hash), json, "NX"));
  }

  async getDefinition(hash: string): Promise<string | undefined> {
    this.#assertOpen();
    checkId(hash, "hash");
    return (await this.#connection.send((client) => client.get(this.#keys.definition(hash)))) ?? undefined;
  }

  async deleteExecutions(refs: readonly ExecutionRef[]): Promise<number> {
    this.#assertOpen();
    checkDeleteExecutions(refs);
    let deleted = 0;
    for (let start = 0; start < refs.length; start += DELETE_CHUNK) {
      const results = await Promise.all(refs.slice(start, start + DELETE_CHUNK).map((ref) => this.#delete(ref)));
      deleted += results.filter(Boolean).length;
    }
    return deleted;
  }

  /** Ends the connections that the store has opened; calls that follow reject with STORE_CLOSED. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#connection.close(this.#index.settled());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #head(id: string): Promise<Head | undefined> {
    return decodeHead(id, await this.#connection.run<string[]>(HEAD, [this.#keys.execution(id).head], []));
  }

  async #delete({ id, version, token }: ExecutionRef): Promise<boolean> {
    const { head, records, tokens } = this.#keys.execution(id);
    const answer = await this.#connection.run<["left"] | Deleted>(
      DELETE,
      [head, records, tokens],
      [version === undefined ? "" : String(version), token === undefined ? "" : String(token)],
      // Sent again after a lost answer it would find nothing, and count wrong.
      { repeatable: false },
    );
    if (answer[0] === "left") return false;
    const [, born, entry, status, workflowId, userId, parentId, wake] = answer;
    const placed = { status, workflowId, userId, ...(parentId !== "" && { parentId }) };
    const left = this.#index.keysOf(placed).map((key) => ({ key, id, stamp: born }));
    const lasting = left.filter(({ key }) => key !== this.#keys.statusIndex(status));
    this.#index.removeSoon([...lasting, ...this.#index.entriesOf(id, { status, entry, wake })]);
    return true;
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new WorkflowError("STORE_CLOSED", "The store was closed.");
  }
}
