import pg from "pg";
import { newCommit, newExecution } from "tooling/store-fixtures";
import { startOwnPostgres } from "tooling/test-servers";
import { afterAll, describe, expect, it } from "vitest";
import { PostgresCheckpointStore } from "../src/index.ts";
import { type MigrationClass, waymarkMigrations } from "../src/typeorm/index.ts";
import { createTablesOfBefore, ReleaseBefore } from "./release-before.ts";

// A server of its own: a statement anywhere on a server can hold the build of an index up.
const server = await startOwnPostgres();
const pool = new pg.Pool({ connectionString: server.url });
afterAll(async () => {
  // A test that failed may not have given its connection back.
  void pool.end();
  await server.stop();
});

const indexes = async () => {
  const { rows } = await pool.query(
    `SELECT relname AS name, indisvalid AS valid FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
     WHERE indrelid = 'waymark.executions'::regclass AND relname IN ('executions_due', 'executions_lease', 'executions_definition')
     ORDER BY relname`,
  );
  return rows.map(({ name, valid }) => `${name} ${valid}`);
};
const COMPLETE = ["executions_definition true", "executions_due true", "executions_lease true"];

describe("migrations of a large table", () => {
  it("build its indexes beside the application's work, even in several processes", async () => {
    await createTablesOfBefore(pool);
    const before = new ReleaseBefore(pool);
    await before.create(newExecution("template", { leaseMs: 0 }));
    const { rows } = await pool.query(
      `SELECT string_agg(quote_ident(attname), ', ') AS rest FROM pg_attribute
       WHERE attrelid = 'waymark.executions'::regclass AND attnum > 0 AND attname NOT IN ('id', 'key')`,
    );
    await pool.query(`INSERT INTO waymark.executions (id, key, ${rows[0].rest})
      SELECT 'e' || n, 1000 + n, ${rows[0].rest} FROM waymark.executions, generate_series(1, 20000) AS n`);
    // A process began to build one and was killed.
    await pool.query("CREATE INDEX executions_definition ON waymark.executions (definition_hash)");
    await pool.query(
      "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'waymark.executions_definition'::regclass",
    );
    const [, , , addHeadFields] = waymarkMigrations();
    const migration = new (addHeadFields as MigrationClass)();
    await migration.up({ query: (sql: string) => pool.query(sql) } as never);
    await pool.query("INSERT INTO waymark.migrations (timestamp, name) VALUES (3, $1)", [migration.name]);
    // A transaction that has written and is still open: an index that is built in the ordinary way would wait for it, and
    // everybody who writes would wait for the index.
    const writer = await pool.connect();
    await writer.query("BEGIN");
    await writer.query("UPDATE waymark.executions SET current_step = 1 WHERE id = 'e1'");
    const opening = Promise.all(Array.from({ length: 4 }, () => PostgresCheckpointStore.connect({ url: server.url })));
    const building =
      "SELECT FROM pg_stat_activity WHERE query ~ '^(DROP|CREATE) INDEX CONCURRENTLY' AND wait_event_type = 'Lock'";
    await expect.poll(async () => (await pool.query(building)).rowCount, { timeout: 20_000 }).toBe(1);
    await pool.query("UPDATE waymark.executions SET current_step = 1 WHERE id = 'e2'");
    await writer.query("COMMIT");
    writer.release();
    const stores = await opening;
    expect(await indexes()).toEqual(COMPLETE);
    const [store] = stores;
    const page = await store?.listExecutions({ leaseExpired: true, limit: 1_000 });
    expect(page?.items).toHaveLength(1_000);
    const head = await store?.getExecution("e5");
    await store?.commit("e5", newCommit(head as never));
    await Promise.all(stores.map((one) => one.close()));
  });

  it("pause if a lock on a table cannot be taken, and try again", async () => {
    const schema = "waits";
    await (await PostgresCheckpointStore.connect({ url: server.url, schema })).close();
    await pool.query(`DELETE FROM ${schema}.migrations WHERE name LIKE 'Add%'`);
    await pool.query(`ALTER TABLE ${schema}.executions DROP COLUMN waiting, DROP COLUMN waiting_count, DROP COLUMN recoveries,
      DROP COLUMN deadline_at_ms, DROP COLUMN parent_node_id, DROP COLUMN parent_visit, DROP COLUMN forked_from_id,
      DROP COLUMN forked_from_seq, DROP COLUMN metadata, DROP COLUMN lease_bound_ms`);
    await pool.query(`ALTER TABLE ${schema}.checkpoints DROP COLUMN visit`);
    await pool.query(`ALTER TABLE ${schema}.definitions DROP COLUMN saved_at_ms`);
    const reader = await pool.connect();
    await reader.query("BEGIN");
    await reader.query(`SELECT count(*) FROM ${schema}.executions`);
    const opening = PostgresCheckpointStore.connect({ url: server.url, schema });
    // What comes after the migration asked for its lock gets its turn while that is still refused.
    await expect.poll(async () => (await pool.query("SELECT FROM pg_locks WHERE NOT granted")).rowCount).toBe(1);
    await pool.query(`SELECT count(*) FROM ${schema}.executions`);
    await reader.query("COMMIT");
    reader.release();
    await using store = await opening;
    await store.createExecution(newExecution("a"));
  });
});
