import { setTimeout as sleep } from "node:timers/promises";
import type { Pool, PoolClient } from "pg";
import type { Database, Result, RunOptions, Statement, TransactionClient } from "../database.ts";
import { NOW } from "../sql/rows.ts";
import { Connections } from "./connections.ts";
import { preparedQuery, type Query, refuseBinary, TEXT } from "./pg-client.ts";
import { afterFailure } from "./retry-rules.ts";
import { translateError } from "./translate-error.ts";

/** Options of {@link ServerDatabase}. */
export interface ServerDatabaseOptions {
  pool: Pool;
  /** True if `end` ends the pool. */
  owned: boolean;
  /** Milliseconds after which `run` fails, including the wait for a connection and retries. */
  timeoutMs: number;
  /**
   * True to prepare each statement once per connection; false behind a pooler that assigns connections by transaction.
   */
  prepare: boolean;
  /** Returns the time for statements, in milliseconds since the epoch, if the server's own time must not be used. */
  clock?: () => number;
}

/** Milliseconds after which one statement of a migration fails. */
const TRANSACTION_STATEMENT_TIMEOUT_MS = 600_000;
/**
 * The longest pause after the first collision with another statement, in milliseconds. It grows with each collision.
 */
const MAX_CONFLICT_PAUSE_MS = 10;

/** PostgreSQL behind a pool of connections. */
export class ServerDatabase implements Database {
  readonly #connections: Connections;
  readonly #timeoutMs: number;
  #prepare: boolean;
  readonly #clock: (() => number) | undefined;
  readonly #used = new WeakSet<PoolClient>();

  readonly isShared = true;

  constructor(options: ServerDatabaseOptions) {
    this.#connections = new Connections(options.pool, options.owned);
    this.#timeoutMs = options.timeoutMs;
    this.#prepare = options.prepare;
    this.#clock = options.clock;
  }

  async run(statement: Statement, values: readonly unknown[], options: RunOptions = {}): Promise<Result> {
    const deadline = (options.startedAt ?? performance.now()) + (options.timeoutMs ?? this.#timeoutMs);
    let conflicts = 0;
    for (let tries = 1; ; tries++) {
      const client = this.#connections.takeAside() ?? (await this.#connections.take(deadline));
      const isFresh = !this.#used.has(client);
      if (isFresh) this.#begin(client);
      const isPrepared = this.#prepare && options.unprepared !== true;
      let fault: unknown;
      try {
        const timeoutMs = Math.max(1, Math.ceil(deadline - performance.now()));
        const query = isPrepared ? preparedQuery(statement, timeoutMs) : this.#plainQuery(statement, timeoutMs);
        const result = await client.query(query, values as unknown[]);
        this.#connections.giveBack(client);
        return { rows: result.rows, rowCount: result.rowCount ?? 0 };
      } catch (error) {
        fault = error;
      }
      const isLate = performance.now() >= deadline;
      const { closesConnection, next } = afterFailure({ fault, tries, conflicts, isPrepared, isFresh, isLate });
      client.release(closesConnection);
      if (next === "fail") throw translateError(fault);
      if (next === "unprepared") this.#prepare = false;
      if (next === "later") await sleep(Math.random() * MAX_CONFLICT_PAUSE_MS * ++conflicts);
    }
  }

  async transaction<T>(work: (client: TransactionClient) => Promise<T>): Promise<T> {
    const client = this.#connections.takeAside() ?? (await this.#connections.take(performance.now() + this.#timeoutMs));
    const sendWithin = (timeoutMs: number, text: string, values?: unknown[]) =>
      client.query({ text, values, query_timeout: timeoutMs } as Query);
    const send = (text: string, values?: unknown[]) => sendWithin(TRANSACTION_STATEMENT_TIMEOUT_MS, text, values);
    let broken = true;
    try {
      await sendWithin(this.#timeoutMs, "BEGIN");
      const result = await work({ query: send });
      await send("COMMIT");
      broken = false;
      return result;
    } catch (error) {
      throw translateError(error);
    } finally {
      // A connection in a failed transaction is closed, which undoes the transaction.
      client.release(broken);
    }
  }

  async end(): Promise<void> {
    await this.#connections.end();
  }

  #plainQuery({ text }: Statement, timeoutMs: number): Query {
    const timed = this.#clock === undefined ? text : text.replaceAll(NOW, String(this.#clock()));
    return { text: timed, types: TEXT, query_timeout: timeoutMs };
  }

  /** Notes that a connection is used. Refuses one whose driver returns values as bytes. */
  #begin(client: PoolClient): void {
    try {
      refuseBinary(client);
    } catch (error) {
      client.release();
      throw error;
    }
    this.#used.add(client);
  }
}
