import {
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
  type ExecutionRecord,
  type ExecutionRef,
  encodeCursor,
  type ListExecutionsOptions,
  type NewExecution,
  type Page,
  type ReadCheckpointsOptions,
  type StoreCapabilities,
  tell,
  WorkflowError,
} from "@waymark/core";
import { Connection } from "./connection.ts";
import { ExecutionIndex } from "./execution-index.ts";
import { TEXT } from "./execution-scripts.ts";
import { Executions } from "./executions.ts";
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
import { checkLayout, readServerSettings } from "./server-settings.ts";
import { checkVersion } from "./server-version.ts";

/** Executions that are deleted at once. */
const DELETE_CHUNK = 100;

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
  readonly #executions: Executions;
  #capabilities: StoreCapabilities;
  #isClosed = false;

  private constructor(client: RedisClient, owned: boolean, options: RedisStoreOptions) {
    const { keyPrefix = DEFAULT_KEY_PREFIX, timeoutMs = DEFAULT_TIMEOUT_MS, endedTtlMs } = options;
    const { durable = false, maxPayloadBytes = DEFAULT_MAX_PAYLOAD_BYTES } = options;
    this.#options = options;
    this.#connection = new Connection({ client, owned, timeoutMs });
    this.#keys = new Keys(keyPrefix);
    this.#index = new ExecutionIndex({ connection: this.#connection, keys: this.#keys });
    const [connection, keys, index] = [this.#connection, this.#keys, this.#index];
    this.#executions = new Executions({ connection, keys, index, endedTtlMs });
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
    const settings = await readServerSettings(this.#connection, this.#options.endedTtlMs !== undefined);
    const durable = this.#options.durable ?? settings.durable ?? false;
    this.#capabilities = Object.freeze({ ...this.#capabilities, durable });
    const warn = this.#options.onWarning ?? ((message: string) => process.emitWarning(message));
    for (const warning of settings.warnings) tell(warn, warning);
  }

  async createExecution(execution: NewExecution): Promise<ExecutionRecord> {
    this.#assertOpen();
    checkNewExecution(execution, this.#capabilities.maxPayloadBytes);
    return this.#executions.create(execution);
  }

  async getExecution(id: string): Promise<ExecutionRecord | undefined> {
    this.#assertOpen();
    checkId(id, "id");
    return this.#executions.get(id);
  }

  async claimExecution(id: string, request: ClaimRequest): Promise<ExecutionRecord> {
    this.#assertOpen();
    checkClaim(id, request);
    return this.#executions.claim(id, request);
  }

  async commit(id: string, request: CommitRequest): Promise<void> {
    this.#assertOpen();
    checkCommit(id, request, this.#capabilities.maxPayloadBytes);
    await this.#executions.commit(id, request);
  }

  async readCheckpoints(id: string, options: ReadCheckpointsOptions = {}): Promise<CheckpointRecord[]> {
    this.#assertOpen();
    checkReadCheckpoints(id, options);
    return readRecords(this.#connection, { id, keys: this.#keys.execution(id), ...options });
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
    return (await this.#connection.run<string | null>(TEXT, [this.#keys.definition(hash)], [])) ?? undefined;
  }

  async deleteExecutions(refs: readonly ExecutionRef[]): Promise<number> {
    this.#assertOpen();
    checkDeleteExecutions(refs);
    let deleted = 0;
    for (let start = 0; start < refs.length; start += DELETE_CHUNK) {
      const results = await Promise.all(
        refs.slice(start, start + DELETE_CHUNK).map((ref) => this.#executions.delete(ref)),
      );
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

  #assertOpen(): void {
    if (this.#isClosed) throw new WorkflowError("STORE_CLOSED", "The store was closed.");
  }
}
