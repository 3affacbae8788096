import { createHash } from "node:crypto";

/** A statement of the store's, made once and sent many times. */
export interface Statement {
  /** Names the prepared statement: the same text has the same name on every connection and in every process. */
  readonly name: string;
  readonly text: string;
}

/** A row as the server wrote it: text, whatever parsers the application has registered with its driver. */
export type Row = Record<string, string | null>;

export interface Result {
  rows: Row[];
  /** Rows returned or changed. */
  rowCount: number;
}

/** How a statement is to be run. */
export interface RunOptions {
  /** Planned anew each time: for queries whose best plan depends on the values. */
  unprepared?: boolean;
  /** When the call began that this is for (`performance.now()`), if its time runs already. */
  startedAt?: number;
  /** The longest that it takes, in milliseconds, if that is not as usual. */
  timeoutMs?: number;
}

/** One connection, for the length of a transaction. The shape that TypeORM wants from `pg`. */
export interface TransactionClient {
  query(text: string, values?: unknown[]): Promise<{ rows: Record<string, unknown>[]; rowCount: number | null }>;
}

/**
 * A PostgreSQL as the store sees it: a server behind a pool, or PGlite in this process.
 *
 * - Rejects with `WorkflowError`s only, within a bounded time.
 */
export interface Database {
  /** Whether it has several connections, and others use it at the same time. */
  readonly isShared: boolean;
  run(statement: Statement, values: readonly unknown[], options?: RunOptions): Promise<Result>;
  /** Commits what `work` does, or undoes it when it rejects. */
  transaction<T>(work: (client: TransactionClient) => Promise<T>): Promise<T>;
  /** Ends what is owned. */
  end(): Promise<void>;
}

/** Sends a statement. */
export type Run = Database["run"];

/** Makes a statement from its text, which is trimmed of the indentation that source code has. */
export function statement(text: string): Statement {
  const trimmed = text.replace(/\s+/g, " ").trim();
  return { name: `waymark_${createHash("sha256").update(trimmed).digest("hex").slice(0, 20)}`, text: trimmed };
}
