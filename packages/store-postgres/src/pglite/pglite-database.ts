import type { PGliteInterface } from "@electric-sql/pglite";
import type { WorkflowError } from "@waymark/core";
import { storeFaultOf, unavailable } from "@waymark/core/store";
import type { ClientConfig } from "pg";
import type { Database } from "../database.ts";
import { ServerDatabase } from "../server/server-database.ts";
import { pgliteNow } from "./pglite-clock.ts";
import { PGliteStream } from "./pglite-stream.ts";
import { PGliteTurn } from "./pglite-turn.ts";

/** Options of {@link pgliteDatabase}. */
export interface PGliteDatabaseOptions {
  pglite: PGliteInterface;
  timeoutMs: number;
  /** Ends what the store owns; absent if PGlite is borrowed. */
  release?: () => Promise<void>;
}

/** Makes a database of a PGlite and its only connection. */
export async function pgliteDatabase({ pglite, timeoutMs, release }: PGliteDatabaseOptions): Promise<Database> {
  const { default: pg } = await import("pg");
  const turn = new PGliteTurn(pglite);
  const connection: ClientConfig = {
    user: "postgres",
    database: "template1",
    ssl: false,
    stream: () => new PGliteStream(turn) as unknown as ReturnType<NonNullable<ClientConfig["stream"]> & (() => never)>,
  };
  const pool = new pg.Pool({ ...connection, max: 1, idleTimeoutMillis: 0 });
  const database = new ServerDatabase({ pool, owned: true, timeoutMs, prepare: false, clock: pgliteNow });
  /** Explains a timeout, if the reason is a transaction that the application has open. */
  const explained = async <T>(call: Promise<T>): Promise<T> => {
    try {
      return await call;
    } catch (error) {
      throw turn.isAwaited && storeFaultOf(error) === "timeout"
        ? transactionOpen((error as WorkflowError).cause)
        : error;
    }
  };
  return {
    isShared: false,
    run: (statement, values, options) => explained(database.run(statement, values, options)),
    transaction: (work) => explained(database.transaction(work)),
    end: async () => {
      await database.end();
      await release?.();
    },
  };
}

function transactionOpen(cause: unknown): WorkflowError {
  return unavailable(
    "timeout",
    "The application has a transaction open on this PGlite. The store waited for its end, and it did not end in time.",
    { cause },
  );
}
