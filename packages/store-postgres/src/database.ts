import { createHash } from "node:crypto";

/** A statement of the store, which is made once and sent many times. */
export interface Statement {
  /** The name of the prepared statement. The same text has the same name on every connection and in every process. */
  readonly name: string;
  readonly text: string;
}

/** A row of texts as the server has sent them, without the parsers that the application has registered. */
export type Row = Record<string, string | null>;

export interface Result {
  rows: Row[];
  /** The number of rows that were returned or changed. */
  rowCount: number;
}

/** Options of one statement. */
export interface RunOptions {
  /** True to plan it each time: for queries whose best plan depends on the values. */
  unprepared?: boolean;
  /** The time (`performance.now()`) at which the call of this statement began, if that was earlier. */
  startedAt?: number;
  /** Milliseconds after which it fails, if they differ from the store's. */
  timeoutMs?: number;
}

/** One connection during a transaction. */
export interface TransactionClient {
  query(text: string, values?: unknown[]): Promise<{ rows: Record<string, unknown>[]; rowCount: number | null }>;
}

/**
 * A PostgreSQL database: a server behind a pool, or PGlite in this process.
 *
 * - Rejects with `WorkflowError`s only, within a bounded time.
 */
export interface Database {
  /** True if it has several connections, so that others use it at the same time. */
  readonly isShared: boolean;
  run(statement: Statement, values: readonly unknown[], options?: RunOptions): Promise<Result>;
  /** Runs `work` in a transaction, and undoes it if `work` rejects. */
  transaction<T>(work: (client: TransactionClient) => Promise<T>): Promise<T>;
  /** Ends what is owned. */
  end(): Promise<void>;
}

/** Sends a statement. */
export type Run = Database["run"];

/** Makes a statement from its text, without the indentation of the source code. */
export function statement(text: string): Statement {
  const trimmed = text.replace(/\s+/g, " ").trim();
  return { name: `waymark_${createHash("sha256").update(trimmed).digest("hex").slice(0, 20)}`, text: trimmed };
}
