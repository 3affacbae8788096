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
  claimedHead,
  claimRefusal,
  type ExecutionRecord,
  type ExecutionRef,
  encodeCursor,
  type ListExecutionsOptions,
  type NewExecution,
  notFound,
  type Page,
  quoted,
  type ReadCheckpointsOptions,
  type StoreCapabilities,
  WorkflowError,
} from "@waymark/core";
import type { MongoClient } from "mongodb";
import { type CommitContext, commit } from "./commit-protocol.ts";
import { create } from "./creation.ts";
import { deleteExecutions } from "./deletion.ts";
import { EndedExpiry, isPresent, keepParts } from "./expiry.ts";
import { claimUpdate } from "./head-updates.ts";
import { KnownBases } from "./known-bases.ts";
import { type ListingOptions, listHeads } from "./list-executions.ts";
import {
  type CheckedOptions,
  type ConnectOptions,
  checkClient,
  checkConnectOptions,
  checkStoreOptions,
  databaseOf,
  type MongoStoreOptions,
  newClient,
} from "./options.ts";
import { keepsChanging, readHead } from "./read-head.ts";
import { readRecords } from "./read-records.ts";
import { type CollectionNames, collectionNames, createIndexes } from "./schema.ts";
import { type Call, Session } from "./session.ts";
import { checkSize, MAX_PAYLOAD_BYTES } from "./size.ts";
import { toWholeRecord, usableRecord } from "./stored-head.ts";

/** Executions that one command deletes. */
const DELETE_CHUNK = 100;
/** How often to look again at an execution that changes each time. */
const MAX_LOOKS = 20;

/**
 * Keeps executions in MongoDB 5.0 or newer: a standalone server, a replica set or a sharded cluster.
 *
 * - A commit is one command, and one round trip. It resolves once a majority has it in its journal.
 * - Leases go by the server's clock.
 * - Any number of processes may share the collections, which the first of them makes.
 *
 * @example
 * ```ts
 * const store = await MongoCheckpointStore.connect({ url: process.env.MONGODB_URL });
 * const engine = createWorkflowEngine({ store, workflows, executors });
 * ```
 */
export class MongoCheckpointStore implements CheckpointStore {
  static readonly capabilities: StoreCapabilities = Object.freeze({
    durable: true,
    multiProcess: true,
    maxPayloadBytes: MAX_PAYLOAD_BYTES,
  });

  readonly capabilities: StoreCapabilities = MongoCheckpointStore.capabilities;
  readonly #session: Session;
  readonly #names: CollectionNames;
  readonly #known = new KnownBases();
  readonly #endedTtlMs: number | undefined;
  readonly #expiry: EndedExpiry;
  readonly #listing: ListingOptions;

  private constructor(client: MongoClient, options: CheckedOptions & { isOwned: boolean }) {
    const { collectionPrefix, database, endedTtlMs, isOwned, timeoutMs } = options;
    this.#names = collectionNames(collectionPrefix);
    this.#endedTtlMs = endedTtlMs;
    this.#expiry = new EndedExpiry(this.#names.executions, endedTtlMs);
    this.#listing = { hidesExpired: endedTtlMs !== undefined, hasIndexes: options.createIndexes };
    this.#session = new Session({
      client,
      database,
      isOwned,
      timeoutMs,
      setUp: async (call) => {
        if (options.createIndexes) await createIndexes(call, this.#names);
        await this.#expiry.finishOthers(call);
      },
    });
  }

  /**
   * Opens a server by its address. `close` ends the connections.
   *
   * - Missing indexes are made before it resolves, unless `createIndexes` is false.
   * - The database is the one that the URL names, else "waymark".
   *
   * @throws {WorkflowError} INVALID_ARGUMENT, STORE_UNAVAILABLE
   */
  static async connect(options: ConnectOptions): Promise<MongoCheckpointStore> {
    const checked = checkConnectOptions(options);
    const client = newClient(options, checked.timeoutMs);
    const database = checked.database ?? databaseOf(client);
    const store = new MongoCheckpointStore(client, { ...checked, database, isOwned: true });
    try {
      await store.setup();
    } catch (error) {
      await store.close();
      throw error;
    }
    return store;
  }

  /**
   * Uses a client that the application has. `close` leaves it open.
   *
   * - Missing indexes are made by the first call, unless `createIndexes` is false (see {@link setup}).
   * - The store sets its own write and read concern, whatever the client's are.
   *
   * @throws {WorkflowError} INVALID_ARGUMENT
   */
  static from(client: MongoClient, options: MongoStoreOptions = {}): MongoCheckpointStore {
    checkClient(client);
    const checked = checkStoreOptions(options);
    const database = checked.database ?? databaseOf(client);
    return new MongoCheckpointStore(client, { ...checked, database, isOwned: false });
  }

  /**
   * Checks the server and makes what is missing now; without it, the first call of a store made by {@link from} does.
   *
   * @throws {WorkflowError} STORE_UNAVAILABLE, STORE_CLOSED
   */
  async setup(): Promise<void> {
    await this.#session.run(async () => {});
  }

  async createExecution(execution: NewExecution): Promise<ExecutionRecord> {
    checkNewExecution(execution, this.capabilities.maxPayloadBytes);
    checkSize(execution.id, execution);
    return this.#session.run((call) => create({ ...this.#context(call), expiry: this.#expiry }, execution));
  }

  async getExecution(id: string): Promise<ExecutionRecord | undefined> {
    checkId(id, "id");
    const head = await this.#session.run((call) => readHead(call, this.#names.executions, id));
    return isPresent(head) ? toWholeRecord(head) : undefined;
  }

  async claimExecution(id: string, request: ClaimRequest): Promise<ExecutionRecord> {
    checkClaim(id, request);
    return this.#session.run((call) => this.#claim(call, id, request));
  }

  async commit(id: string, request: CommitRequest): Promise<void> {
    checkCommit(id, request, this.capabilities.maxPayloadBytes);
    checkSize(id, request);
    const { token, version, head } = request;
    await this.#session.run(async (call) => {
      await commit(this.#context(call), id, request);
      await this.#expiry.afterEnd(call, head?.status, { id, token, version: version + 1 });
    });
  }

  async readCheckpoints(id: string, options: ReadCheckpointsOptions = {}): Promise<CheckpointRecord[]> {
    checkReadCheckpoints(id, options);
    return this.#session.run((call) => readRecords(call, this.#names.executions, id, options));
  }

  async listExecutions(options: ListExecutionsOptions = {}): Promise<Page<ExecutionRecord>> {
    const query = checkListExecutions(options);
    const rows = await this.#session.run((call) => listHeads(call, this.#names.executions, query, this.#listing));
    const page = rows.slice(0, query.limit);
    const items = page.map(({ record }) => record);
    const last = page.at(-1);
    return rows.length > query.limit && last !== undefined
      ? { items, nextCursor: encodeCursor(last.position) }
      : { items };
  }

  async saveDefinition(hash: string, json: string): Promise<void> {
    checkDefinition(hash, json, this.capabilities.maxPayloadBytes);
    const statement = { q: { _id: hash }, u: { $setOnInsert: { json } }, upsert: true };
    await this.#session.run((call) => call.update(this.#names.definitions, [statement]));
  }

  async getDefinition(hash: string): Promise<string | undefined> {
    checkId(hash, "hash");
    const found = await this.#session.run((call) =>
      call.find<{ json: unknown }>(this.#names.definitions, { _id: hash }, { limit: 1 }),
    );
    const [definition] = found;
    if (definition === undefined) return undefined;
    const { json } = definition;
    if (typeof json === "string") return json;
    throw new WorkflowError("STATE_CORRUPT", `Definition ${quoted(hash)} cannot be read.`, { details: { hash } });
  }

  async deleteExecutions(refs: readonly ExecutionRef[]): Promise<number> {
    checkDeleteExecutions(refs);
    let deleted = 0;
    for (let start = 0; start < refs.length; start += DELETE_CHUNK) {
      const chunk = refs.slice(start, start + DELETE_CHUNK);
      deleted += await this.#session.run((call) => deleteExecutions(call, this.#names.executions, chunk));
    }
    return deleted;
  }

  /** Waits for calls under way, and ends the connections that the store has opened; later calls reject with STORE_CLOSED. */
  async close(): Promise<void> {
    await this.#session.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #claim(call: Call, id: string, request: ClaimRequest): Promise<ExecutionRecord> {
    const collection = this.#names.executions;
    for (let looks = 1; looks <= MAX_LOOKS; looks++) {
      const head = await readHead(call, collection, id);
      if (!isPresent(head)) throw notFound(id);
      const record = usableRecord(head);
      if (head.lastClaimId === request.claimId) return record;
      const { now = 0 } = head;
      const refusal = claimRefusal(id, record, request, now);
      if (refusal !== undefined) throw refusal;
      const kept = await keepParts(call, collection, head);
      if (kept === undefined) continue;
      const claimed = claimedHead(record, request, record.token + 1, now);
      // Token and version name one state of the execution: nothing has changed since it was read.
      const q = { _id: id, executionId: id, token: record.token, version: record.version, ...kept };
      const { n } = await call.update(collection, [{ q, u: claimUpdate(claimed, request) }]);
      if (n === 0) continue;
      this.#known.set(id, { ...head, ...claimed });
      return claimed;
    }
    throw keepsChanging(id);
  }

  #context(call: Call): CommitContext {
    const { executions: collection } = this.#names;
    return { call, collection, known: this.#known, endedTtlMs: this.#endedTtlMs };
  }
}
