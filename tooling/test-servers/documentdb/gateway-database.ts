import pg from "pg";
import { Disconnect, endsConnection, translate, WRITE_CONFLICT } from "./gateway-errors.ts";

/** A row in text format. `bson` values are bytes. */
export type Row = Record<string, string | Buffer | null>;
export type Queryable = pg.Pool | pg.PoolClient;

const MAX_RETRIES = 20;
const SEARCH_PATH = "documentdb_api_catalog,documentdb_api,public";
// In text format, a bson value is BSONHEX followed by its hexadecimal digits.
const TYPES = {
  getTypeParser: () => (value: string) => (value.startsWith("BSONHEX") ? Buffer.from(value.slice(7), "hex") : value),
};

/** The engine behind the gateway. */
export class GatewayDatabase {
  readonly pool: pg.Pool;
  /** The names under which statements are prepared, by their texts. */
  readonly #names = new Map<string, string>();
  #lastRetry: Promise<unknown> = Promise.resolve();

  constructor(connectionString: string) {
    this.pool = new pg.Pool({ connectionString, max: 40, options: `-c search_path=${SEARCH_PATH}` });
    // The pool drops an idle connection that dies. If a connection dies during a query, the query fails anyway.
    this.pool.on("error", () => {});
    this.pool.on("connect", (client) => client.on("error", () => {}));
  }

  /** Runs a statement and returns its first row. */
  async row(client: Queryable, text: string, values: readonly unknown[] = []): Promise<Row> {
    let name = this.#names.get(text);
    if (name === undefined) {
      name = `s${this.#names.size}`;
      this.#names.set(text, name);
    }
    const { rows } = await client.query({ name, text, values: [...values], types: TYPES as never });
    return (rows[0] ?? {}) as Row;
  }

  /** Runs `work` on a connection. Work that deadlocks is repeated, one at a time, as mongod does internally. */
  async withClient<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    const attempt = () => this.#attempt(work);
    for (let retries = 0; ; retries++) {
      try {
        if (retries === 0) return await attempt();
        const retry = this.#lastRetry.then(attempt, attempt);
        this.#lastRetry = retry;
        return await retry;
      } catch (error) {
        const told = translate(error);
        if (told instanceof Disconnect || told.code !== WRITE_CONFLICT || retries === MAX_RETRIES) throw error;
      }
    }
  }

  async #attempt<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    const client = await this.pool.connect();
    let isGone = false;
    try {
      return await work(client);
    } catch (error) {
      isGone = endsConnection(translate(error));
      throw error;
    } finally {
      client.release(isGone);
    }
  }
}
