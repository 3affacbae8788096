import {
  type CheckpointRecord,
  type ClaimRequest,
  type CommitRequest,
  type ExecutionRecord,
  type ExecutionRef,
  type HistoryRange,
  type ListedExecution,
  type ListQuery,
  type NewExecution,
  type Refused,
  type STORE_INTERFACE,
  type StoreDriver,
  type StoredHead,
  tell,
} from "@waymark/core/store";
import { DEFAULT_TIMEOUT_MS } from "@waymark/store-connection";
import { Connection } from "./connection.ts";
import { Definitions } from "./definitions.ts";
import { ExecutionIndex } from "./execution-index.ts";
import { Executions } from "./executions.ts";
import { Keys } from "./keys.ts";
import { DEFAULT_KEY_PREFIX, type RedisStoreOptions } from "./options.ts";
import { readRecords } from "./read-records.ts";
import type { RedisClient } from "./redis-client.ts";
import { checkLayout, readServerSettings } from "./server-settings.ts";
import { checkVersion } from "./server-version.ts";

/** Milliseconds for which a creation may be under way before a listing cancels it. Its writer then begins again. */
const UNBORN_GRACE_MS = 60_000;

/**
 * Milliseconds between two searches for what a process of the version before has written to older indexes only. Its
 * executions are listed as due or lapsed at most this much later.
 */
const COMPLETE_EVERY_MS = 60_000;

/** Options of {@link RedisDriver}. */
export interface RedisDriverOptions {
  client: RedisClient;
  /** True if `close` ends the client. */
  owned: boolean;
  options: RedisStoreOptions;
  /** Default: a minute. */
  unbornGraceMs?: number;
  /** Default: a minute. */
  completeEveryMs?: number;
}

/** Keeps executions by scripts, each of which the server runs as one. */
export class RedisDriver implements StoreDriver {
  readonly interfaceVersion: typeof STORE_INTERFACE = 1;
  readonly #options: RedisStoreOptions;
  readonly #connection: Connection;
  readonly #keys: Keys;
  readonly #index: ExecutionIndex;
  readonly #executions: Executions;
  readonly #definitions: Definitions;

  constructor({ client, owned, options, ...times }: RedisDriverOptions) {
    const { unbornGraceMs = UNBORN_GRACE_MS, completeEveryMs = COMPLETE_EVERY_MS } = times;
    const { keyPrefix = DEFAULT_KEY_PREFIX, timeoutMs = DEFAULT_TIMEOUT_MS, endedTtlMs } = options;
    const connection = new Connection({ client, owned, timeoutMs });
    const keys = new Keys(keyPrefix);
    const index = new ExecutionIndex({ connection, keys, unbornGraceMs, completeEveryMs });
    this.#options = options;
    this.#connection = connection;
    this.#keys = keys;
    this.#index = index;
    this.#executions = new Executions({ connection, keys, index, endedTtlMs });
    this.#definitions = new Definitions({ connection, keys, index });
  }

  /**
   * Checks the server and warns of settings that lose data. Returns whether its writes outlive a crash, as far as
   * known.
   */
  async readSettings(): Promise<boolean> {
    await checkVersion(this.#connection);
    await checkLayout(this.#connection, this.#keys.layout);
    const settings = await readServerSettings(this.#connection, this.#options.endedTtlMs !== undefined);
    const warn = this.#options.onWarning ?? ((message: string) => process.emitWarning(message));
    for (const warning of settings.warnings) tell(warn, warning);
    return this.#options.durable ?? settings.durable ?? false;
  }

  createExecution(execution: NewExecution): Promise<ExecutionRecord | Refused> {
    return this.#executions.create(execution);
  }

  readHead(id: string): Promise<StoredHead | undefined> {
    return this.#executions.read(id);
  }

  claimExecution(id: string, request: ClaimRequest): Promise<ExecutionRecord | Refused> {
    return this.#executions.claim(id, request);
  }

  commit(id: string, request: CommitRequest): Promise<Refused | undefined> {
    return this.#executions.commit(id, request);
  }

  isSnapshot(id: string, seq: number): Promise<boolean> {
    return this.#executions.isSnapshot(id, seq);
  }

  readRecords(id: string, range: HistoryRange): Promise<CheckpointRecord[] | undefined> {
    return readRecords(this.#connection, { id, keys: this.#keys.execution(id), ...range });
  }

  listExecutions(query: ListQuery): Promise<ListedExecution[]> {
    return this.#index.rows(query);
  }

  saveDefinition(hash: string, json: string): Promise<void> {
    return this.#definitions.save(hash, json);
  }

  readDefinition(hash: string): Promise<string | undefined> {
    return this.#definitions.read(hash);
  }

  deleteUnusedDefinitions(olderThanMs: number): Promise<number> {
    return this.#definitions.deleteUnused(olderThanMs);
  }

  async deleteExecutions(refs: readonly ExecutionRef[]): Promise<number> {
    const results = await Promise.all(refs.map((ref) => this.#executions.delete(ref)));
    return results.filter(Boolean).length;
  }

  async close(): Promise<void> {
    await this.#connection.close(this.#index.settled());
  }
}
