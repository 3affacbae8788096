import type { Result, Statement } from "../database.ts";

/** A transaction that the caller has begun. */
export interface CallerTransaction {
  /** Tells whether it has ended, as far as that can be told. */
  hasEnded(): boolean;
  send(statement: Statement, values: readonly unknown[]): Promise<Result>;
}
