import pg from "pg";
import { startPostgres } from "tooling/test-servers";
import { afterAll } from "vitest";
import { PostgresCheckpointStore } from "../src/index.ts";

/**
 * Starts a server with the tables of a store, for the tests of one file: it ends after them. `onConnect` gets each
 * connection of the pool, before its first statement.
 */
export async function migratedServer({ onConnect }: { onConnect?: (client: pg.PoolClient) => void } = {}) {
  const server = await startPostgres();
  const pool = new pg.Pool({ connectionString: server.url });
  if (onConnect !== undefined) pool.on("connect", onConnect);
  const store = PostgresCheckpointStore.from(pool);
  await store.setup();
  afterAll(async () => {
    await store.close();
    await pool.end();
    await server.stop();
  });
  return { url: server.url, pool, store };
}
