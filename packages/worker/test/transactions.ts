import type { PostgresTransaction } from "@waymark/store-postgres";
import type pg from "pg";
import type { DataSource } from "typeorm";

/** The caller's own work in a transaction, and what a store's view is made of. */
export interface Transaction {
  client: PostgresTransaction;
  query(sql: string, values?: unknown[]): Promise<unknown>;
}

/** Runs work in a transaction, which is rolled back if the work throws. */
export type Begin = (work: (transaction: Transaction) => Promise<void>) => Promise<unknown>;

/** A transaction on a connection of `pg`. */
export const onConnection =
  (pool: pg.Pool): Begin =>
  async (work) => {
    const client = await pool.connect();
    try {
      await client.query("BEGIN");
      await work({ client, query: (sql, values) => client.query(sql, values) });
      await client.query("COMMIT");
    } catch (error) {
      await client.query("ROLLBACK");
      throw error;
    } finally {
      client.release();
    }
  };

/** A transaction of TypeORM. */
export const onEntityManager =
  (dataSource: DataSource): Begin =>
  (work) =>
    dataSource.transaction((client) => work({ client, query: (sql, values) => client.query(sql, values) }));
