import { invalidArgument } from "@waymark/core/store";
import type { Db } from "pg-boss";

/** A connection on which the caller has begun a transaction. */
interface Client {
  query(text: string, values?: unknown[]): Promise<unknown>;
}

/**
 * Runs statements of the queue in the caller's transaction: on a connection of `pg`, in a TypeORM `EntityManager` or
 * `QueryRunner`, or in PGlite's `transaction()`.
 *
 * - A statement that fails would make PostgreSQL refuse the caller's own, so it is undone up to a savepoint.
 */
export async function inTransaction(transaction: unknown, work: (db: Db) => Promise<void>): Promise<void> {
  const client = await clientOf(transaction);
  const db: Db = {
    executeSql: async (text, values) => {
      const { rows = [] } = (await client.query(text, values)) as { rows?: unknown[] };
      return { rows };
    },
  };
  await client.query("SAVEPOINT waymark_job");
  try {
    await work(db);
  } catch (error) {
    await client.query("ROLLBACK TO SAVEPOINT waymark_job");
    throw error;
  }
  await client.query("RELEASE SAVEPOINT waymark_job");
}

async function clientOf(transaction: unknown): Promise<Client> {
  const given = transaction as { queryRunner?: unknown; isTransactionActive?: unknown; query?: unknown };
  const runner = given.queryRunner ?? (given.isTransactionActive === undefined ? undefined : given);
  // TypeORM hands out the connection of its driver, also while a transaction is under way.
  const client = runner === undefined ? given : await (runner as { connect(): Promise<unknown> }).connect();
  if (typeof (client as Partial<Client> | undefined)?.query === "function") return client as Client;
  throw invalidArgument("transaction", "must be what PostgresCheckpointStore.inTransaction takes");
}
