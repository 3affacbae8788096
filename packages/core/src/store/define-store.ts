import { systemClock } from "../clock.ts";
import { WorkflowError } from "../errors.ts";
import {
  checkClaim,
  checkCommit,
  checkDefinition,
  checkDeleteExecutions,
  checkDeleteUnusedDefinitions,
  checkNewExecution,
  checkReadCheckpoints,
} from "./arguments.ts";
import { checkParts } from "./check-parts.ts";
import type {
  CheckpointRecord,
  CheckpointStore,
  ClaimRequest,
  CommitRequest,
  DeleteUnusedDefinitionsOptions,
  ExecutionRecord,
  ExecutionRef,
  ListExecutionsOptions,
  NewExecution,
  Page,
  ReadCheckpointsOptions,
  StoreCapabilities,
} from "./checkpoint-store.ts";
import { checkId } from "./checks.ts";
import { checkListExecutions } from "./list-query.ts";
import { encodeCursor } from "./paging.ts";
import { notFound } from "./refusals.ts";
import { alreadyExists, bringsSnapshot, claimRefusal, commitRefusal } from "./rules.ts";
import type { HistoryRange, Refused, StoreDriver, StoredHead } from "./store-driver.ts";
import { keepsChanging, storeClosed } from "./store-faults.ts";
import { STORE_INTERFACE } from "./store-interface.ts";

/** The most executions that a driver deletes in one call. */
const DELETE_CHUNK = 100;
/** The most attempts to find the reason of a refusal, if the reason is gone each time the head is read. */
const MAX_LOOKS = 20;
/** The longest time that `close` waits for calls in progress, in milliseconds. */
const DRAIN_TIMEOUT_MS = 5_000;

/**
 * Makes a store of a driver.
 *
 * - The store checks arguments, recognizes repeated calls, determines why a write was refused, makes pages and cursors,
 *   and waits for calls in progress before it closes.
 *
 * @example
 * ```ts
 * const store = defineStore({ durable: true, multiProcess: true, maxPayloadBytes: 1_000_000 }, driver);
 * ```
 */
export function defineStore(capabilities: StoreCapabilities, driver: StoreDriver): CheckpointStore {
  return new DefinedStore(capabilities, driver);
}

/** A store that is made of a driver. Extend it to write a store class of your own. See {@link defineStore}. */
export class DefinedStore implements CheckpointStore {
  readonly interfaceVersion: number;
  readonly #capabilities: StoreCapabilities;
  readonly #driver: StoreDriver;
  #settingUp: Promise<void> | undefined;
  #isReady: boolean;
  #closing: Promise<void> | undefined;
  #underWay = 0;
  #onIdle = (): void => undefined;

  constructor(capabilities: StoreCapabilities, driver: StoreDriver) {
    checkParts(capabilities, driver);
    this.#capabilities = Object.freeze({ ...capabilities });
    this.interfaceVersion = driver.interfaceVersion ?? STORE_INTERFACE;
    this.#driver = driver;
    this.#isReady = driver.setup === undefined;
  }

  get capabilities(): StoreCapabilities {
    return this.#capabilities;
  }

  /**
   * Prepares the database now. If it is not called, the first call of another method prepares the database.
   *
   * @throws {WorkflowError} STORE_UNAVAILABLE, STORE_CLOSED, and the codes that the store documents for its options
   */
  async setup(): Promise<void> {
    this.#assertOpen();
    await this.#call(async () => undefined);
  }

  async createExecution(execution: NewExecution): Promise<ExecutionRecord> {
    this.#assertOpen();
    checkNewExecution(execution, this.capabilities.maxPayloadBytes);
    const { id, checkpoint } = execution;
    return this.#call(() =>
      this.#untilExplained(
        id,
        () => this.#driver.createExecution(execution),
        (head) => {
          if (head === undefined) return undefined;
          if (head.initialCheckpointId === checkpoint.id) return { done: head.record };
          throw alreadyExists(id);
        },
      ),
    );
  }

  async getExecution(id: string): Promise<ExecutionRecord | undefined> {
    this.#assertOpen();
    checkId(id, "id");
    return this.#call(async () => (await this.#driver.readHead(id))?.record);
  }

  async claimExecution(id: string, request: ClaimRequest): Promise<ExecutionRecord> {
    this.#assertOpen();
    checkClaim(id, request);
    return this.#call(() =>
      this.#untilExplained(
        id,
        () => this.#driver.claimExecution(id, request),
        (head) => {
          if (head !== undefined && head.lastClaimId === request.claimId) return { done: head.record };
          const refusal = claimRefusal(id, head?.record, request, head?.record.readAt ?? 0);
          if (refusal !== undefined) throw refusal;
          return undefined;
        },
      ),
    );
  }

  async commit(id: string, request: CommitRequest): Promise<void> {
    this.#assertOpen();
    checkCommit(id, request, this.capabilities.maxPayloadBytes);
    // Does not use #call, which costs a closure: every step of every execution makes a commit.
    this.#underWay += 1;
    try {
      if (!this.#isReady) await this.#setUp();
      const refused = await this.#driver.commit(id, request);
      if (refused !== undefined) await this.#explainCommit(id, request, refused);
    } finally {
      this.#ended();
    }
  }

  async readCheckpoints(id: string, options: ReadCheckpointsOptions = {}): Promise<CheckpointRecord[]> {
    this.#assertOpen();
    checkReadCheckpoints(id, options);
    const { from = 0, to = Number.MAX_SAFE_INTEGER, limit, order = "asc" } = options;
    const range: HistoryRange = limit === undefined ? { from, to, order } : { from, to, order, limit };
    const records = await this.#call(() => this.#driver.readRecords(id, range));
    if (records === undefined) throw notFound(id);
    return records;
  }

  async listExecutions(options: ListExecutionsOptions = {}): Promise<Page<ExecutionRecord>> {
    this.#assertOpen();
    const query = checkListExecutions(options);
    const rows = await this.#call(() => this.#driver.listExecutions(query));
    const page = rows.slice(0, query.limit);
    const items = page.map(({ record }) => record);
    const last = page.at(-1);
    if (rows.length <= query.limit || last === undefined) return { items };
    const { record, position = { time: record[query.sortBy] ?? 0, id: record.id } } = last;
    return { items, nextCursor: encodeCursor(query.sortBy, position) };
  }

  async saveDefinition(hash: string, json: string): Promise<void> {
    this.#assertOpen();
    checkDefinition(hash, json, this.capabilities.maxPayloadBytes);
    await this.#call(() => this.#driver.saveDefinition(hash, json));
  }

  async getDefinition(hash: string): Promise<string | undefined> {
    this.#assertOpen();
    checkId(hash, "hash");
    return this.#call(() => this.#driver.readDefinition(hash));
  }

  async deleteUnusedDefinitions(options: DeleteUnusedDefinitionsOptions): Promise<number> {
    this.#assertOpen();
    checkDeleteUnusedDefinitions(options);
    return this.#call(() => this.#driver.deleteUnusedDefinitions(options.olderThanMs));
  }

  async deleteExecutions(refs: readonly ExecutionRef[]): Promise<number> {
    this.#assertOpen();
    checkDeleteExecutions(refs);
    const named = refs.map(
      ({ id, version, token }): ExecutionRef => ({
        id,
        ...(version !== undefined && { version }),
        ...(token !== undefined && { token }),
      }),
    );
    return this.#call(async () => {
      let deleted = 0;
      for (let start = 0; start < named.length; start += DELETE_CHUNK) {
        deleted += await this.#driver.deleteExecutions(named.slice(start, start + DELETE_CHUNK));
      }
      return deleted;
    });
  }

  /**
   * Waits up to 5 seconds for calls in progress, then closes the resources that the store owns. Later calls reject with
   * STORE_CLOSED.
   */
  async close(): Promise<void> {
    this.#closing ??= this.#close();
    await this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Makes a call after the setup. `close` waits for the call. */
  async #call<T>(work: () => Promise<T>): Promise<T> {
    this.#underWay += 1;
    try {
      if (!this.#isReady) await this.#setUp();
      return await work();
    } finally {
      this.#ended();
    }
  }

  #ended(): void {
    this.#underWay -= 1;
    if (this.#underWay === 0) this.#onIdle();
  }

  async #setUp(): Promise<void> {
    this.#settingUp ??= this.#driver.setup?.().then(
      () => {
        this.#isReady = true;
      },
      (error) => {
        this.#settingUp = undefined;
        throw error;
      },
    );
    await this.#settingUp;
    this.#assertOpen();
  }

  /**
   * Repeats a write until it succeeds or the reason of its refusal is found.
   *
   * - The reason can be gone when the head is read, because another process has changed the execution again.
   */
  async #untilExplained<T>(
    id: string,
    write: () => Promise<T | Refused>,
    explain: (head: StoredHead | undefined) => Outcome<T> | Promise<Outcome<T>>,
    first?: Refused,
  ): Promise<T> {
    for (let looks = 1; looks <= MAX_LOOKS; looks++) {
      const result = looks === 1 && first !== undefined ? first : await write();
      if (!isRefused(result)) return result;
      const head = result.head === undefined ? await this.#driver.readHead(id) : (result.head ?? undefined);
      const outcome = await explain(head);
      if (outcome !== undefined) return outcome.done;
    }
    throw keepsChanging(id);
  }

  #explainCommit(id: string, request: CommitRequest, refused: Refused): Promise<undefined> {
    const explain = async (head: StoredHead | undefined): Promise<Outcome<undefined>> => {
      if (head !== undefined && head.lastCommitId === request.commitId) return { done: undefined };
      const refusal = commitRefusal(id, head?.record, request);
      if (refusal !== undefined) throw refusal;
      if (request.dropBefore !== undefined) await this.#assertSnapshot(id, request, request.dropBefore, head);
      return undefined;
    };
    return this.#untilExplained<undefined>(id, () => this.#driver.commit(id, request), explain, refused);
  }

  async #assertSnapshot(id: string, request: CommitRequest, seq: number, head: StoredHead | undefined): Promise<void> {
    if (head !== undefined && bringsSnapshot(head.record, request)) return;
    if (await this.#driver.isSnapshot(id, seq)) return;
    throw new WorkflowError(
      "INVALID_ARGUMENT",
      `dropBefore must be the number of a snapshot; record ${seq} is not a snapshot.`,
      { executionId: id, details: { argument: "dropBefore", dropBefore: seq } },
    );
  }

  #assertOpen(): void {
    if (this.#closing !== undefined) throw storeClosed();
  }

  async #close(): Promise<void> {
    if (this.#underWay > 0) {
      await new Promise<void>((resolve) => {
        const cancel = systemClock.schedule(DRAIN_TIMEOUT_MS, resolve);
        this.#onIdle = () => {
          cancel();
          resolve();
        };
      });
    }
    await this.#driver.close();
  }
}

/** The outcome that the head shows. `undefined`: the reason is gone, so the write is repeated. */
type Outcome<T> = { done: T } | undefined;

function isRefused(result: unknown): result is Refused {
  return typeof result === "object" && result !== null && "refused" in result;
}
