import type { PGliteInterface } from "@electric-sql/pglite";
import type { Database, Result, Row, Session, Statement } from "./database.ts";
import { translateError } from "./translate-error.ts";

// The types of the store's columns, by PostgreSQL's numbers for them: bool, int8, int4, text, json, float8.
const TEXT = Object.fromEntries([16, 20, 23, 25, 114, 701].map((type) => [type, (value: string) => value]));

/** PGlite: PostgreSQL inside this process, with one connection. */
export class EmbeddedDatabase implements Database {
  readonly #pglite: PGliteInterface;
  readonly #release: (() => Promise<void>) | undefined;

  /** `release` ends what is owned; absent where PGlite is borrowed. */
  constructor(pglite: PGliteInterface, release?: () => Promise<void>) {
    this.#pglite = pglite;
    this.#release = release;
  }

  async run(statement: Statement, values: readonly unknown[]): Promise<Result> {
    try {
      const result = await this.#pglite.query<Row>(statement.text, values as unknown[], { parsers: TEXT });
      return {
        rows: result.rows,
        rowCount: result.rows.length === 0 ? (result.affectedRows ?? 0) : result.rows.length,
      };
    } catch (error) {
      throw translateError(error);
    }
  }

  async transaction<T>(work: (session: Session) => Promise<T>): Promise<T> {
    try {
      return await this.#pglite.transaction((transaction) =>
        work({
          query: async (text, values) => {
            const result = await transaction.query<Record<string, unknown>>(text, values);
            return { rows: result.rows, rowCount: result.affectedRows ?? result.rows.length };
          },
        }),
      );
    } catch (error) {
      throw translateError(error);
    }
  }

  async end(): Promise<void> {
    await this.#release?.();
  }
}
