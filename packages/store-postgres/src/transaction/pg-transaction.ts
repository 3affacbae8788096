import type { ClientBase, QueryConfig } from "pg";
import { isInTransaction, refuseBinary, TEXT } from "../server/pg-client.ts";
import type { CallerTransaction } from "./caller-transaction.ts";
import type { TransactionClientLike } from "./postgres-transaction.ts";

/** Sends statements on a connection of `pg` that is in a transaction. */
export function pgTransaction(client: TransactionClientLike, timeoutMs: number): CallerTransaction {
  const connection = client as unknown as ClientBase;
  refuseBinary(connection);
  return {
    hasEnded: () => isInTransaction(connection) === false,
    send: async ({ text }, values) => {
      const query = { text, values: values as unknown[], types: TEXT, query_timeout: timeoutMs };
      const { rows, rowCount } = await connection.query(query as QueryConfig);
      return { rows, rowCount: rowCount ?? 0 };
    },
  };
}
