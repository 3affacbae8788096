import { setTimeout as sleep } from "node:timers/promises";
import { WorkflowError } from "@waymark/core";
import type { Pool, PoolClient, QueryConfig } from "pg";
import { Connections } from "./connections.ts";
import type { Database, Result, RunOptions, Session, Statement } from "./database.ts";
import { NOW } from "./rows.ts";
import { isConnectionLost, sqlStateOf, translateError } from "./translate-error.ts";

/** How {@link ServerDatabase} uses its pool. */
export interface ServerDatabaseOptions {
  pool: Pool;
  /** Whether `end` ends the pool. */
  owned: boolean;
  /** The longest that `run` takes, waiting for a connection and retries included, in milliseconds. */
  timeoutMs: number;
  /** Prepare each statement once per connection. Not behind a pooler that hands connections out by transaction. */
  prepare: boolean;
  /** The time that statements go by, in milliseconds since the epoch, where the server's own will not do. */
  clock?: () => number;
}

/** The longest that one statement of a migration takes, in milliseconds. */
const TRANSACTION_STATEMENT_TIMEOUT_MS = 600_000;
/** A dead connection is found only by using it, and all of a pool may be dead: as many tries as a large pool has. */
const MAX_TRIES = 100;
const MAX_CONFLICTS = 10;

// Values stay the text that the server sends: parsers that an application registers must not reach the store.
const TEXT = { getTypeParser: () => (value: unknown) => value };

/** PostgreSQL behind a pool of connections. */
export class ServerDatabase implements Database {
  readonly #connections: Connections;
  readonly #timeoutMs: number;
  #prepare: boolean;
  readonly #clock: (() => number) | undefined;
  readonly #used = new WeakSet<PoolClient>();

  constructor(options: ServerDatabaseOptions) {
    this.#connections = new Connections(options.pool, options.owned);
    this.#timeoutMs = options.timeoutMs;
    this.#prepare = options.prepare;
    this.#clock = options.clock;
  }

  async run(statement: Statement, values: readonly unknown[], options: RunOptions = {}): Promise<Result> {
    const deadline = (options.startedAt ?? performance.now()) + this.#timeoutMs;
    let conflicts = 0;
    for (let tries = 1; ; tries++) {
      const client = this.#connections.takeAside() ?? (await this.#connections.take(deadline));
      const isFresh = !this.#used.has(client);
      if (isFresh) this.#begin(client);
      const isPrepared = this.#prepare && options.unprepared !== true;
      let fault: unknown;
      try {
        const result = await client.query({
          name: isPrepared ? statement.name : undefined,
          text: this.#clock === undefined ? statement.text : statement.text.replaceAll(NOW, String(this.#clock())),
          values: values as unknown[],
          types: TEXT,
          query_timeout: Math.max(1, Math.ceil(deadline - performance.now())),
        } as QueryConfig & { query_timeout: number });
        this.#connections.giveBack(client);
        return { rows: result.rows, rowCount: result.rowCount ?? 0 };
      } catch (error) {
        fault = error;
      }
      // Only an error that the server reported, and not one that ends the session, leaves the connection usable.
      const state = sqlStateOf(fault);
      const isStale = isStalePlan(state, fault);
      client.release(state === undefined || isConnectionLost(fault) || isStale);
      if (performance.now() >= deadline || tries >= MAX_TRIES) throw translateError(fault);
      if (isLostStatement(state) && isPrepared) this.#prepare = false;
      else if (isStale) continue;
      else if (isConflict(state) && ++conflicts <= MAX_CONFLICTS) await sleep(Math.random() * 10 * conflicts);
      else if (!isConnectionLost(fault) || isFresh) throw translateError(fault);
    }
  }

  async transaction<T>(work: (session: Session) => Promise<T>): Promise<T> {
    const client = this.#connections.takeAside() ?? (await this.#connections.take(performance.now() + this.#timeoutMs));
    const sendWithin = (timeoutMs: number, text: string, values?: unknown[]) =>
      client.query({ text, values, query_timeout: timeoutMs } as QueryConfig & { query_timeout: number });
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
      // A connection that is in the middle of a failed transaction is closed, which undoes it.
      client.release(broken);
    }
  }

  async end(): Promise<void> {
    await this.#connections.end();
  }

  /** Notes that a connection is used, if its driver hands values on as text. */
  #begin(client: PoolClient & { binary?: unknown }): void {
    this.#used.add(client);
    if (!client.binary) return;
    this.#used.delete(client);
    client.release();
    throw new WorkflowError(
      "INVALID_ARGUMENT",
      "The pool has the setting `binary: true`, by which `pg` hands values on as bytes. The store reads text: give it a pool without that setting.",
      { details: { argument: "binary" } },
    );
  }
}

/** The statement was prepared on another of the server's connections: there is a pooler in between. */
function isLostStatement(state: string | undefined): boolean {
  return state === "26000" || state === "42P05";
}

/** A migration has changed a table since the statement was prepared on this connection. */
function isStalePlan(state: string | undefined, error: unknown): boolean {
  return state === "0A000" && String(error).includes("cached plan");
}

/** The server undid a statement to let another one pass (deadlock, serialization). */
function isConflict(state: string | undefined): boolean {
  return state === "40001" || state === "40P01";
}
