import type { Row } from "../database.ts";
import { pgliteNow } from "../pglite/pglite-clock.ts";
import { NOW } from "../sql/rows.ts";
import type { CallerTransaction } from "./caller-transaction.ts";
import type { PGliteTransactionLike } from "./postgres-transaction.ts";

/** The part of a PGlite transaction that the store uses. */
interface Transaction {
  readonly closed: boolean;
  query(text: string, values: unknown[]): Promise<{ rows: { row?: unknown }[]; affectedRows?: number }>;
}

/** Sends statements in a transaction of PGlite's `transaction()`. */
export function pgliteTransaction(client: PGliteTransactionLike): CallerTransaction {
  const transaction = client as unknown as Transaction;
  return {
    hasEnded: () => transaction.closed,
    send: async ({ text }, values) => {
      const statement = withRowsAsJson(text).replaceAll(NOW, String(pgliteNow()));
      const { rows, affectedRows } = await transaction.query(statement, [...values]);
      const read = rows.flatMap(({ row }) => (typeof row === "string" ? [rowOf(row)] : []));
      return { rows: read, rowCount: affectedRows ?? read.length };
    },
  };
}

/**
 * Makes a statement return rows as JSON, which begins with a brace: PGlite drops a byte order mark that begins a text.
 */
function withRowsAsJson(text: string): string {
  const select = / SELECT \* FROM (\w+)$/;
  return text.startsWith("SELECT ")
    ? `SELECT row_to_json(one)::text AS row FROM (${text}) AS one`
    : text.replace(select, " SELECT row_to_json($1)::text AS row FROM $1");
}

function rowOf(json: string): Row {
  const fields = Object.entries(JSON.parse(json) as Record<string, unknown>);
  const texts = fields.map(([name, value]) => {
    const isText = typeof value === "string" || value === null;
    return [name, isText ? value : JSON.stringify(value)];
  });
  return Object.fromEntries(texts);
}
