import type { PGliteInterface } from "@electric-sql/pglite";
import type { ClientConfig } from "pg";
import type { Database } from "./database.ts";
import { PGliteStream } from "./pglite-stream.ts";
import { ServerDatabase } from "./server-database.ts";

/** How {@link pgliteDatabase} uses PGlite. */
export interface PGliteDatabaseOptions {
  pglite: PGliteInterface;
  timeoutMs: number;
  /** Ends what is owned; absent where PGlite is borrowed. */
  release?: () => Promise<void>;
}

// PGlite asks this process's `Date`, which a test may replace; leases must not go by that.
const systemNow = Date.now;

/** PGlite, by the one connection that it has. */
export async function pgliteDatabase({ pglite, timeoutMs, release }: PGliteDatabaseOptions): Promise<Database> {
  const { default: pg } = await import("pg");
  const connection: ClientConfig = {
    user: "postgres",
    database: "template1",
    ssl: false,
    stream: () =>
      new PGliteStream(pglite) as unknown as ReturnType<NonNullable<ClientConfig["stream"]> & (() => never)>,
  };
  const pool = new pg.Pool({ ...connection, max: 1, idleTimeoutMillis: 0 });
  const database = new ServerDatabase({ pool, owned: true, timeoutMs, prepare: false, clock: () => systemNow() });
  return {
    run: (statement, values, options) => database.run(statement, values, options),
    transaction: (work) => database.transaction(work),
    end: async () => {
      await database.end();
      await release?.();
    },
  };
}
