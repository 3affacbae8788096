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
  type ListExecutionsOptions,
  type NewExecution,
  notFound,
  type Page,
  quoted,
  type ReadCheckpointsOptions,
  type StoreCapabilities,
  WorkflowError,
} from "@waymark/core";
import { borrowDatabase, checkClient, isPGlite, type PostgresClient } from "./borrow-database.ts";
import { CommitQueue } from "./commit-queue.ts";
import { assertCountable, damageOf } from "./damage.ts";
import { unavailable } from "./fault-reasons.ts";
import { assertComplete } from "./history-range.ts";
import { listStatement } from "./list-statement.ts";
import { openDatabase, openForMigration } from "./open-database.ts";
import { type ConnectOptions, checkConnectOptions, checkStoreOptions, type PostgresStoreOptions } from "./options.ts";
import { cursorAfter, positionAfter } from "./page-cursor.ts";
import { valuesOf } from "./parameters.ts";
import { type Head, rowToCheckpoint, rowToHead, rowToRecord } from "./rows.ts";
import { Session } from "./session.ts";
import { buildStatements, CLAIM_PARAMETERS, CREATE_PARAMETERS, type Statements } from "./statements.ts";
import { type TableNames, tableNames } from "./table-names.ts";

const MAX_PAYLOAD_BYTES = 64 * 1024 * 1024;
/** Executions that one DELETE takes; each goes with all its records. */
const DELETE_CHUNK = 100;
/** How often to look again when the reason why a statement changed nothing is gone by the time one looks. */
const MAX_LOOKS = 10;

/**
 * Keeps executions in PostgreSQL: on a server, or inside this process by PGlite.
 *
 * - A commit is one statement, and one round trip. It resolves once the server calls it durable.
 * - Leases go by the server's clock.
 * - Any number of processes may share the tables, which the first of them makes.
 *
 * @example
 * ```ts
 * const store = await PostgresCheckpointStore.connect({ url: process.env.DATABASE_URL });
 * const engine = createWorkflowEngine({ store, workflows, executors });
 * ```
 */
export class PostgresCheckpointStore implements CheckpointStore {
  /** On a server, and on PGlite in a folder but for `multiProcess`. */
  static readonly capabilities: StoreCapabilities = Object.freeze({
    durable: true,
    multiProcess: true,
    maxPayloadBytes: MAX_PAYLOAD_BYTES,
  });

  readonly capabilities: StoreCapabilities;
  readonly #session: Session;
  readonly #names: TableNames;
  readonly #statements: Statements;
  readonly #commits: CommitQueue;

  private constructor(session: Session, names: TableNames, capabilities: Partial<StoreCapabilities>) {
    this.#session = session;
    this.#names = names;
    this.#statements = buildStatements(names);
    this.#commits = new CommitQueue(names, (statement, values, options) => session.run(statement, values, options));
    this.capabilities = Object.freeze({ ...PostgresCheckpointStore.capabilities, ...capabilities });
  }

  /**
   * Opens a server by its address, or PGlite on a folder. `close` ends the connections.
   *
   * - The tables are checked, and made or brought up to date unless `migrate` is false, before it resolves.
   *
   * @throws {WorkflowError} INVALID_ARGUMENT, STORE_UNAVAILABLE, STATE_VERSION_UNSUPPORTED
   */
  static async connect(given: ConnectOptions): Promise<PostgresCheckpointStore> {
    const options = checkConnectOptions(given);
    const names = tableNames(options);
    const isDirectory = "dataDir" in options;
    const session = new Session({
      names,
      migrate: options.migrate ?? true,
      open: () => openDatabase(options),
      openForMigration: async () => (isDirectory ? undefined : openForMigration(options)),
    });
    const store = new PostgresCheckpointStore(session, names, isDirectory ? pgliteCapabilities(options.dataDir) : {});
    try {
      await store.setup();
    } catch (error) {
      await store.close().catch(() => {});
      throw error;
    }
    return store;
  }

  /**
   * Uses what the application has opened: a TypeORM `DataSource`, a `pg.Pool`, or a PGlite. `close` leaves it open.
   *
   * - The tables are checked, and made or brought up to date unless `migrate` is false, by the first call (see {@link setup}).
   * - Of a DataSource, only its pool is used: its entities, migrations and naming strategy have nothing to do with it.
   *
   * @throws {WorkflowError} INVALID_ARGUMENT
   */
  static from(client: PostgresClient, given: PostgresStoreOptions = {}): PostgresCheckpointStore {
    checkClient(client);
    const options = checkStoreOptions(given);
    const names = tableNames(options);
    const session = new Session({
      names,
      migrate: options.migrate ?? true,
      open: () => borrowDatabase(client, options),
      openForMigration: async () => undefined,
    });
    return new PostgresCheckpointStore(session, names, isPGlite(client) ? pgliteCapabilities(client.dataDir) : {});
  }

  /**
   * Makes the tables or brings them up to date, and ends: for a deployment step, with a user who may do that.
   *
   * @throws {WorkflowError} INVALID_ARGUMENT, STORE_UNAVAILABLE, STATE_VERSION_UNSUPPORTED
   */
  static async migrate(options: ConnectOptions): Promise<void> {
    const store = await PostgresCheckpointStore.connect({ ...options, migrate: true });
    await store.close();
  }

  /**
   * Checks the server and the tables now; without it, the first call of a store made by {@link from} does.
   *
   * @throws {WorkflowError} STORE_UNAVAILABLE, STORE_CLOSED, STATE_VERSION_UNSUPPORTED
   */
  async setup(): Promise<void> {
    await this.#session.database();
  }

  async createExecution(execution: NewExecution): Promise<ExecutionRecord> {
    checkNewExecution(execution, this.capabilities.maxPayloadBytes);
    const { id } = execution;
    for (let looks = 1; looks <= MAX_LOOKS; looks++) {
      const { rows } = await this.#session.run(this.#statements.create, valuesOf(CREATE_PARAMETERS, execution));
      if (rows[0] !== undefined) return rowToRecord(rows[0]);
      const head = await this.#head(id);
      if (head?.initialCheckpointId === execution.checkpoint.id) return head.record;
      if (head !== undefined) throw alreadyExists(id);
    }
    throw keepsChanging(id);
  }

  async getExecution(id: string): Promise<ExecutionRecord | undefined> {
    checkId(id, "id");
    return (await this.#head(id))?.record;
  }

  async claimExecution(id: string, request: ClaimRequest): Promise<ExecutionRecord> {
    checkClaim(id, request);
    const values = [...valuesOf(CLAIM_PARAMETERS, request), id];
    for (let looks = 1; looks <= MAX_LOOKS; looks++) {
      const { rows } = await this.#session.run(this.#statements.claim, values);
      if (rows[0] !== undefined) return rowToRecord(rows[0]);
      const head = await this.#head(id);
      if (head?.lastClaimId === request.claimId) return head.record;
      const refusal = claimRefusal(id, head?.record, request, head?.now ?? 0);
      if (refusal !== undefined) throw refusal;
      assertCountable(id, head?.record);
    }
    throw keepsChanging(id);
  }

  async commit(id: string, request: CommitRequest): Promise<void> {
    checkCommit(id, request, this.capabilities.maxPayloadBytes);
    for (let looks = 1; looks <= MAX_LOOKS; looks++) {
      if (await this.#commit(id, request)) return;
      const head = await this.#head(id);
      if (head?.lastCommitId === request.commitId) return;
      const refusal = commitRefusal(id, head?.record, request);
      if (refusal !== undefined) throw refusal;
      assertCountable(id, head?.record);
      if (request.dropBefore !== undefined) await this.#assertSnapshot(id, request, head);
    }
    throw keepsChanging(id);
  }

  async readCheckpoints(id: string, options: ReadCheckpointsOptions = {}): Promise<CheckpointRecord[]> {
    checkReadCheckpoints(id, options);
    const { from = 0, to = Number.MAX_SAFE_INTEGER, limit = null, order = "asc" } = options;
    const { readAscending, readDescending } = this.#statements;
    const { rows } = await this.#session.run(order === "asc" ? readAscending : readDescending, [id, from, to, limit]);
    if (rows.length === 0) throw notFound(id);
    assertComplete(id, rows, { from, to, limit: limit ?? Number.POSITIVE_INFINITY, order });
    return rows[0]?.seq === null ? [] : rows.map(rowToCheckpoint);
  }

  async listExecutions(options: ListExecutionsOptions = {}): Promise<Page<ExecutionRecord>> {
    const query = checkListExecutions(options);
    const after = positionAfter(options.cursor, query.after);
    const { statement, values } = listStatement(this.#names, { ...query, after });
    const { rows } = await this.#session.run(statement, values, { unprepared: true });
    const items = rows.slice(0, query.limit).map(rowToRecord);
    const [lastRow, last] = [rows[query.limit - 1], items.at(-1)];
    if (rows.length <= query.limit || lastRow === undefined || last === undefined) return { items };
    return { items, nextCursor: cursorAfter(lastRow, last) };
  }

  async saveDefinition(hash: string, json: string): Promise<void> {
    checkDefinition(hash, json, this.capabilities.maxPayloadBytes);
    await this.#session.run(this.#statements.saveDefinition, [hash, json]);
  }

  async getDefinition(hash: string): Promise<string | undefined> {
    checkId(hash, "hash");
    const { rows } = await this.#session.run(this.#statements.getDefinition, [hash]);
    return rows[0]?.definition ?? undefined;
  }

  async deleteExecutions(refs: readonly ExecutionRef[]): Promise<number> {
    checkDeleteExecutions(refs);
    let deleted = 0;
    for (let start = 0; start < refs.length; start += DELETE_CHUNK) {
      const chunk = refs.slice(start, start + DELETE_CHUNK).map(({ id, version, token }) => ({ id, version, token }));
      const { rows } = await this.#session.run(this.#statements.deleteExecutions, [JSON.stringify(chunk)]);
      deleted += Number(rows[0]?.deleted);
    }
    return deleted;
  }

  /** Ends the connections that the store has opened; calls that follow reject with STORE_CLOSED. */
  async close(): Promise<void> {
    await this.#session.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #commit(id: string, request: CommitRequest): Promise<boolean> {
    try {
      return await this.#commits.commit(id, request);
    } catch (error) {
      throw damageOf(id, error);
    }
  }

  async #head(id: string): Promise<Head | undefined> {
    const { rows } = await this.#session.run(this.#statements.head, [id]);
    return rows[0] === undefined ? undefined : rowToHead(rows[0]);
  }

  async #assertSnapshot(id: string, request: CommitRequest, head: Head | undefined): Promise<void> {
    const { checkpoint, dropBefore } = request;
    if (checkpoint?.kind === "snapshot" && head?.record.seq === Number(dropBefore) - 1) return;
    const { rows } = await this.#session.run(this.#statements.isSnapshot, [id, dropBefore]);
    if (rows.length > 0) return;
    throw new WorkflowError(
      "INVALID_ARGUMENT",
      `dropBefore must be the number of a snapshot, which ${dropBefore} is not.`,
      { executionId: id, details: { argument: "dropBefore", dropBefore } },
    );
  }
}

/** PGlite serves one process; without a folder it is in memory, and ends with the process. */
function pgliteCapabilities(dataDir = "memory://"): Partial<StoreCapabilities> {
  return { durable: !dataDir.startsWith("memory://"), multiProcess: false };
}

function keepsChanging(id: string): WorkflowError {
  return unavailable("conflict", `Execution ${quoted(id)} changed each time it was looked at.`, { executionId: id });
}
