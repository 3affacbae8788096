import type {
  CheckpointRecord,
  ClaimRequest,
  CommitRequest,
  ExecutionRecord,
  ExecutionRef,
  HistoryRange,
  ListedExecution,
  ListQuery,
  NewExecution,
  Refused,
  STORE_INTERFACE,
  StoreDriver,
  StoredHead,
} from "@waymark/core/store";
import type { MongoClient } from "mongodb";
import type { Call } from "./call.ts";
import { claim } from "./claim.ts";
import { type CommitContext, commit } from "./commit.ts";
import { create } from "./creation.ts";
import { deleteUnusedDefinitions, readDefinition, saveDefinition } from "./definitions.ts";
import { deleteExecutions } from "./deletion.ts";
import { EndedExpiry, isPresent } from "./expiry.ts";
import { KnownBases } from "./known-bases.ts";
import { type ListingOptions, listExecutions } from "./list-executions.ts";
import { MongoDatabase } from "./mongo-database.ts";
import type { CheckedOptions } from "./options.ts";
import { readHead } from "./read-head.ts";
import { isSnapshot, readRecords } from "./read-records.ts";
import { type CollectionNames, collectionNames, createIndexes } from "./schema.ts";
import { checkFailure, checkSize } from "./size.ts";
import { toStoredHead } from "./stored-head.ts";

/** Keeps executions in collections of MongoDB. */
export class MongoDriver implements StoreDriver {
  readonly interfaceVersion: typeof STORE_INTERFACE = 1;
  readonly #database: MongoDatabase;
  readonly #names: CollectionNames;
  readonly #known = new KnownBases();
  readonly #createsIndexes: boolean;
  readonly #endedTtlMs: number | undefined;
  readonly #expiry: EndedExpiry;
  readonly #listing: ListingOptions;

  constructor(client: MongoClient, options: CheckedOptions & { isOwned: boolean }) {
    const { collectionPrefix, createIndexes, endedTtlMs, database, isOwned, timeoutMs } = options;
    this.#database = new MongoDatabase({ client, database, isOwned, timeoutMs });
    this.#names = collectionNames(collectionPrefix);
    this.#createsIndexes = createIndexes;
    this.#endedTtlMs = endedTtlMs;
    this.#expiry = new EndedExpiry(this.#names.executions, endedTtlMs);
    this.#listing = { hidesExpired: endedTtlMs !== undefined, hasIndexes: createIndexes };
  }

  async setup(): Promise<void> {
    await this.#database.run(async (call) => {
      if (this.#createsIndexes) await createIndexes(call, this.#names);
      await this.#expiry.finishOthers(call);
    });
  }

  async createExecution(execution: NewExecution): Promise<ExecutionRecord | Refused> {
    checkSize(execution.id, execution);
    return this.#database.run((call) => create({ ...this.#context(call), expiry: this.#expiry }, execution));
  }

  async readHead(id: string): Promise<StoredHead | undefined> {
    const head = await this.#database.run((call) => readHead(call, this.#names.executions, id));
    return isPresent(head) ? toStoredHead(head) : undefined;
  }

  async claimExecution(id: string, request: ClaimRequest): Promise<ExecutionRecord | Refused> {
    checkFailure(id, request.cancel);
    return this.#database.run((call) => claim({ ...this.#context(call), expiry: this.#expiry }, id, request));
  }

  async commit(id: string, request: CommitRequest): Promise<Refused | undefined> {
    checkSize(id, request);
    const { token, version, head } = request;
    return this.#database.run(async (call) => {
      const refused = await commit(this.#context(call), id, request);
      if (refused === undefined) await this.#expiry.afterEnd(call, head?.status, { id, token, version: version + 1 });
      return refused;
    });
  }

  async isSnapshot(id: string, seq: number): Promise<boolean> {
    return this.#database.run((call) => isSnapshot(call, this.#names.executions, id, seq));
  }

  async readRecords(id: string, range: HistoryRange): Promise<CheckpointRecord[] | undefined> {
    return this.#database.run((call) => readRecords(call, this.#names.executions, id, range));
  }

  async listExecutions(query: ListQuery): Promise<ListedExecution[]> {
    return this.#database.run((call) => listExecutions(call, this.#names.executions, query, this.#listing));
  }

  async saveDefinition(hash: string, json: string): Promise<void> {
    await this.#database.run((call) => saveDefinition(call, this.#names, hash, json));
  }

  async readDefinition(hash: string): Promise<string | undefined> {
    return this.#database.run((call) => readDefinition(call, this.#names, hash));
  }

  async deleteUnusedDefinitions(olderThanMs: number): Promise<number> {
    return this.#database.run((call) => deleteUnusedDefinitions(call, this.#names, olderThanMs));
  }

  async deleteExecutions(refs: readonly ExecutionRef[]): Promise<number> {
    return this.#database.run((call) => deleteExecutions(call, this.#names.executions, refs));
  }

  async close(): Promise<void> {
    await this.#database.close();
  }

  #context(call: Call): CommitContext {
    const { executions: collection } = this.#names;
    return { call, collection, known: this.#known, endedTtlMs: this.#endedTtlMs };
  }
}
