import {
  type CheckpointRecord,
  type ClaimRequest,
  type CommitRequest,
  claimRefusal,
  type ExecutionRecord,
  type ExecutionRef,
  type HistoryRange,
  type ListedExecution,
  type ListQuery,
  type NewExecution,
  REFUSED,
  type Refused,
  type STORE_INTERFACE,
  type StoreDriver,
  type StoredHead,
  storeClosed,
} from "@waymark/core/store";
import { CommitQueue } from "./commit-queue.ts";
import type { Database, Row, Run, Statement } from "./database.ts";
import { HistoryReads } from "./history-reads.ts";
import { listLapsed } from "./lapsed-leases.ts";
import { SharedCalls } from "./shared-calls.ts";
import { damageOf } from "./sql/damage.ts";
import { assertComplete } from "./sql/history-range.ts";
import { listStatement } from "./sql/list-statement.ts";
import { valuesOf } from "./sql/parameters.ts";
import { rowToCheckpoint, rowToHead, rowToRecord } from "./sql/rows.ts";
import {
  buildStatements,
  CLAIM_PARAMETERS,
  CREATE_PARAMETERS,
  claimsValue,
  type Statements,
} from "./sql/statements.ts";
import { rowToListed } from "./sql/stored-position.ts";
import type { TableNames } from "./sql/table-names.ts";

/** Options of {@link PostgresDriver}. */
export interface PostgresDriverOptions {
  names: TableNames;
  /** Opens the database. It is called once, before the first call, and again after a failure. */
  open(): Promise<Database>;
  /** Checks the tables, before the first call. */
  prepare?(database: Database): Promise<void>;
}

interface Claim {
  id: string;
  request: ClaimRequest;
}

/** Reads and writes executions by SQL. Every write is one statement. */
export class PostgresDriver implements StoreDriver {
  readonly interfaceVersion: typeof STORE_INTERFACE = 1;
  readonly #options: PostgresDriverOptions;
  readonly #names: TableNames;
  readonly #statements: Statements;
  readonly #commits: CommitQueue;
  readonly #heads: SharedCalls<string>;
  readonly #claims: SharedCalls<Claim>;
  readonly #histories: HistoryReads;
  #opening: Promise<Database> | undefined;
  #database: Database | undefined;

  constructor(options: PostgresDriverOptions) {
    this.#options = options;
    this.#names = options.names;
    this.#statements = buildStatements(options.names);
    this.#commits = new CommitQueue(options.names, this.#run);
    const { head, heads, claims } = this.#statements;
    this.#heads = new SharedCalls({
      one: (id, startedAt) => this.#rows(head, [id], startedAt),
      together: (ids, startedAt) => this.#rows(heads, [ids], startedAt),
    });
    this.#claims = new SharedCalls({
      one: (claim, startedAt) => this.#claim(claim, startedAt),
      together: (several, startedAt) => this.#rows(claims, [claimsValue(several)], startedAt),
    });
    this.#histories = new HistoryReads(this.#statements, this.#run);
  }

  async setup(): Promise<void> {
    const database = await this.#open();
    await this.#options.prepare?.(database);
  }

  async createExecution(execution: NewExecution): Promise<ExecutionRecord | Refused> {
    const { rows } = await this.#run(this.#statements.create, valuesOf(CREATE_PARAMETERS, execution));
    return rows[0] === undefined ? REFUSED : rowToRecord(rows[0]);
  }

  async readHead(id: string): Promise<StoredHead | undefined> {
    const rows = await this.#heads.call(id);
    return rows[0] === undefined ? undefined : rowToHead(rows[0]);
  }

  async claimExecution(id: string, request: ClaimRequest): Promise<ExecutionRecord | Refused> {
    const rows =
      request.cancel === undefined
        ? await this.#claims.call({ id, request })
        : await this.#claim({ id, request }, performance.now());
    if (rows[0] === undefined) return REFUSED;
    const record = rowToRecord(rows[0]);
    // SQL cannot check every field. A head that cannot be read must not be worked on, even though it is claimed now.
    if (record.unreadable !== undefined) throw claimRefusal(id, record, request, record.readAt);
    return record;
  }

  async commit(id: string, request: CommitRequest): Promise<Refused | undefined> {
    try {
      return (await this.#commits.commit(id, request)) ? undefined : REFUSED;
    } catch (error) {
      throw damageOf(id, error);
    }
  }

  async isSnapshot(id: string, seq: number): Promise<boolean> {
    const { rows } = await this.#run(this.#statements.isSnapshot, [id, seq]);
    return rows.length > 0;
  }

  async readRecords(id: string, range: HistoryRange): Promise<CheckpointRecord[] | undefined> {
    const rows = await this.#histories.read(id, range);
    if (rows.length === 0) return undefined;
    assertComplete(id, rows, range);
    return rows[0]?.seq === null ? [] : rows.map(rowToCheckpoint);
  }

  async listExecutions(query: ListQuery): Promise<ListedExecution[]> {
    if (query.leaseExpired === true) return listLapsed(this.#run, this.#names, query);
    const { statement, values } = listStatement(this.#names, query);
    const { rows } = await this.#run(statement, values, { unprepared: true });
    return rows.map((row) => rowToListed(row, query.sortBy));
  }

  async saveDefinition(hash: string, json: string): Promise<void> {
    await this.#run(this.#statements.saveDefinition, [hash, json]);
  }

  async readDefinition(hash: string): Promise<string | undefined> {
    const { rows } = await this.#run(this.#statements.readDefinition, [hash]);
    return rows[0]?.definition ?? undefined;
  }

  async deleteUnusedDefinitions(olderThanMs: number): Promise<number> {
    return (await this.#run(this.#statements.deleteUnusedDefinitions, [olderThanMs])).rowCount;
  }

  async deleteExecutions(refs: readonly ExecutionRef[]): Promise<number> {
    const { rows } = await this.#run(this.#statements.deleteExecutions, [JSON.stringify(refs)]);
    return Number(rows[0]?.deleted);
  }

  /** Ends the connections that the store has opened. */
  async close(): Promise<void> {
    const opened = await this.#opening?.catch(() => undefined);
    this.#database = undefined;
    await opened?.end();
  }

  #claim({ id, request }: Claim, startedAt: number): Promise<Row[]> {
    return this.#rows(this.#statements.claim, [...valuesOf(CLAIM_PARAMETERS, request), id], startedAt);
  }

  async #rows(statement: Statement, values: unknown[], startedAt: number): Promise<Row[]> {
    return (await this.#run(statement, values, { startedAt })).rows;
  }

  /** Opens the database once, and again after a failure. */
  async #open(): Promise<Database> {
    this.#opening ??= this.#options.open().catch((error) => {
      this.#opening = undefined;
      throw error;
    });
    this.#database = await this.#opening;
    return this.#database;
  }

  // Called after the setup. A call for which `close` did not wait finds the store closed.
  readonly #run: Run = (statement, values, options) =>
    this.#database === undefined ? Promise.reject(storeClosed()) : this.#database.run(statement, values, options);
}
