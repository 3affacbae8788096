import type { Result, Statement } from "../database.ts";

/** A transaction that the caller has begun. */
export interface CallerTransaction {
  /** Returns whether it has ended, as far as the driver reports that. */
  hasEnded(): boolean;
  send(statement: Statement, values: readonly unknown[]): Promise<Result>;
}
